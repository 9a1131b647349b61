"""The scanners' checks over boxes that run nothing: two trees, and what is not a report."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.checks.dockerfiles import MOST_FILES, check_hadolint
from deploy_pipeline.checks.misconfiguration import check_checkov, check_tfsec, check_trivy_config
from deploy_pipeline.core.checks.assessment import not_audited, skipped
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline_tests.checks.benches import a_tree
from deploy_pipeline_tests.checks.infrastructure_case import FILES, a_stack, an_infrastructure_bench
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished

REPORT = "/scratch/report.json"
BUCKET: dict[str, Any] = {"ID": "AWS-0086", "Title": "t", "Message": "m", "Severity": "HIGH", "Status": "FAIL"}
FOUND = json.dumps({"SchemaVersion": 2, "Results": [{"Target": "a.tf", "Misconfigurations": [BUCKET]}]}).encode()
CLEAN = json.dumps({"SchemaVersion": 2, "Results": [{"Target": "a.tf"}]}).encode()
TFSEC = {"tfsec": "/usr/bin/tfsec"}


def against_base(tmp_path: Path, **checks: Any) -> Subject:
    base = a_tree(tmp_path / "base", FILES)
    return replace(a_stack(tmp_path / "head", **checks), base_tree=str(base))


def writing(head: bytes, base: bytes) -> tuple[FakeIsolation, list[str]]:
    """Trivy in two boxes, and the trees that it saw."""
    seen: list[str] = []

    def answer(call: BoxCall) -> Outcome:
        if call.program == "trivy":
            seen.append(Path(call.setup.checkout).name)
            isolation.files[REPORT] = head if seen[-1] == "head" else base
        return finished()

    isolation = FakeIsolation(answer)
    return isolation, seen


def test_what_the_base_has_does_not_block(tmp_path: Path) -> None:
    isolation, seen = writing(FOUND, FOUND)
    assert check_trivy_config(against_base(tmp_path), an_infrastructure_bench(isolation)).state == "passed"
    assert seen == ["head", "base"]
    assert [(box.hosts, box.base) for box in isolation.boxes] == [((), ""), ((), "")]


@pytest.mark.parametrize("base", [CLEAN, b"", b"{"])
def test_what_is_new_blocks_also_where_the_base_cannot_be_scanned(tmp_path: Path, base: bytes) -> None:
    isolation, _ = writing(FOUND, base)
    assert check_trivy_config(against_base(tmp_path), an_infrastructure_bench(isolation)).state == "failed"


@pytest.mark.parametrize(
    ("outcome", "files", "state"),
    [
        (finished(), {}, "broken"),
        (finished(), {REPORT: b"{}"}, "broken"),
        (finished(returncode=1), {REPORT: CLEAN}, "broken"),
        (Outcome("timed_out", None, "", "", 600.0), {REPORT: CLEAN}, "failed"),
        (Outcome("out_of_memory", None, "", "", 1.0), {REPORT: CLEAN}, "failed"),
    ],
)
def test_no_report_is_never_a_pass(tmp_path: Path, outcome: Outcome, files: dict[str, bytes], state: str) -> None:
    isolation = FakeIsolation({"": outcome}, files)
    assert check_trivy_config(a_stack(tmp_path), an_infrastructure_bench(isolation)).state == state
    assert check_tfsec(a_stack(tmp_path), an_infrastructure_bench(isolation, programs=TFSEC)).state == state


def test_a_scanner_that_is_not_installed(tmp_path: Path) -> None:
    bench = an_infrastructure_bench(FakeIsolation(), programs={})
    assert check_trivy_config(a_stack(tmp_path), bench) == not_audited(
        "Trivy is not installed on the pipeline's machine"
    )
    assert check_tfsec(a_stack(tmp_path), bench).state == "not_audited"


def test_checkov_runs_where_no_configuration_lies(tmp_path: Path) -> None:
    isolation = FakeIsolation({"checkov": finished("")})
    assert check_checkov(a_stack(tmp_path), an_infrastructure_bench(isolation)).state == "broken"
    (call,) = isolation.calls
    assert (call.cwd, call.argv[1]) == ("/scratch", "--directory=/checkout")


def test_a_target_that_is_gone_fails(tmp_path: Path) -> None:
    subject = a_stack(tmp_path, trivy_config={"targets": ["infra"]})
    found = check_trivy_config(subject, an_infrastructure_bench(FakeIsolation()))
    assert (found.state, found.summary) == ("failed", "the pull request has no infra, which deploy.yaml has checked")


def test_hadolint_against_the_base(tmp_path: Path) -> None:
    item = {"code": "DL3020", "file": "./Dockerfile", "level": "error", "line": 3, "message": "Use COPY"}
    isolation = FakeIsolation({"hadolint": finished(json.dumps([item]))})
    bench = an_infrastructure_bench(isolation)
    assert check_hadolint(against_base(tmp_path), bench) == skipped("there is no Dockerfile")
    subject = against_base(tmp_path)
    a_tree(tmp_path / "head", {"Dockerfile": ""})
    assert check_hadolint(subject, bench).state == "failed"
    a_tree(tmp_path / "base", {"Dockerfile": ""})
    assert check_hadolint(subject, bench).state == "passed"
    assert [call.cwd for call in isolation.calls] == ["/checkout", "/checkout", "/base"]


@pytest.mark.parametrize("outcome", [finished(""), finished("{}"), finished("[]", returncode=1)])
def test_hadolint_without_a_report_is_broken(tmp_path: Path, outcome: Outcome) -> None:
    subject = a_stack(tmp_path)
    a_tree(tmp_path, {"Dockerfile": ""})
    isolation = FakeIsolation({"hadolint": outcome})
    assert check_hadolint(subject, an_infrastructure_bench(isolation)).state == "broken"


def test_without_our_rules_trivy_is_not_asked(tmp_path: Path) -> None:
    isolation = FakeIsolation({"python3": finished(returncode=1, stderr="no space left"), "trivy": finished()})
    found = check_trivy_config(a_stack(tmp_path), an_infrastructure_bench(isolation))
    said = "laying out Trivy's rules itself failed with return code 1: no space left"
    assert (found.state, found.summary) == ("broken", said)


def test_more_dockerfiles_than_hadolint_can_be_given_are_not_cut(tmp_path: Path) -> None:
    subject = a_stack(tmp_path)
    for number in range(MOST_FILES + 1):
        (tmp_path / f"Dockerfile.{number}").touch()
    found = check_hadolint(subject, an_infrastructure_bench(FakeIsolation()))
    assert (found.state, found.summary) == (
        "failed", "there are 5001 Dockerfiles, and hadolint takes at most 5000"
    )  # fmt: skip
