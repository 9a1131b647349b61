"""Auditors see names and versions only, written by the pipeline, in boxes that reach the advisories alone."""

from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.checks.dependencies import check_pip_audit, check_safety
from deploy_pipeline.core.checks.assessment import Assessment, not_audited, skipped
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished

CLEAN = '{"dependencies": [{"name": "jinja2", "version": "3.1", "vulns": []}]}'
VULNERABLE = (
    '{"dependencies": [{"name": "jinja2", "version": "2.10", "vulns": [{"id": "PYSEC-1", "fix_versions": [],'
    ' "aliases": [], "description": "x"}]}]}'
)
SAFETY_FOUND = (
    '{"scan_results": {"projects": [{"files": [{"results": {"dependencies": [{"name": "jinja2", "specifications":'
    ' [{"vulnerabilities": {"known_vulnerabilities": [{"id": "1"}]}}]}]}}]}]}}'
)


class Auditor:
    """Keeps the files that each run was given, and answers by the version in them."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def __call__(self, call: BoxCall) -> Outcome:
        number = Path(call.argv[2]).parent.name
        text = Path(call.setup.checkout, number, "requirements.txt").read_text()
        self.seen.append(text)
        return finished(VULNERABLE, returncode=1) if "2.10" in text else finished(CLEAN)


def test_head_and_base_are_audited_in_boxes_of_their_own(tmp_path: Path) -> None:
    head = a_tree(tmp_path / "head", {"requirements.txt": "Jinja2==2.10 # x\n", "a/requirements-dev.txt": "-r x\n"})
    base = a_tree(tmp_path / "base", {"requirements.txt": "jinja2==3.1\n"})
    auditor = Auditor()
    isolation = FakeIsolation({"pip-audit": auditor})
    assessment = check_pip_audit(a_subject(head, base), a_bench(isolation, advisory_url="http://127.0.0.1:8765"))
    assert (assessment.state, assessment.summary) == ("failed", "1 new vulnerability in jinja2")
    assert auditor.seen == ["jinja2==2.10\n", "jinja2==3.1\n"]
    assert [(box.hosts, dict(box.redirects)) for box in isolation.boxes] == [
        ((), {"advisories.internal:80": "127.0.0.1:8765"})
    ] * 2
    # Nothing of the pull request is in the box, and nothing is left of what was.
    assert not any(Path(box.checkout).exists() or box.checkout == str(head) for box in isolation.boxes)


def test_a_vulnerability_that_the_base_has_does_not_block(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"requirements.txt": "jinja2==2.10\n"})
    isolation = FakeIsolation({"pip-audit": Auditor()})
    assessment = check_pip_audit(a_subject(tree, tree), a_bench(isolation))
    assert (assessment.state, assessment.facts["new"], assessment.facts["vulnerabilities"]) == ("passed", 0, 1)
    assert isolation.boxes[0].hosts == ("pypi.org:443",)


def test_a_service_that_does_not_answer_is_never_a_pass(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"requirements.txt": "jinja2==2.10\n"})
    isolation = FakeIsolation({"pip-audit": finished(stderr="ConnectionError: refused", returncode=1)})
    assessment = check_pip_audit(a_subject(tree), a_bench(isolation))
    assert (assessment.state, assessment.summary) == (
        "not_audited",
        "1 of 1 requirement not audited: jinja2 2.10: the advisory service gave no usable answer:"
        " ConnectionError: refused",
    )


def test_without_requirement_files_nothing_runs(tmp_path: Path) -> None:
    isolation = FakeIsolation()
    assert check_pip_audit(a_subject(tmp_path), a_bench(isolation)) == skipped("there are no requirement files")
    assert isolation.boxes == []


@pytest.mark.parametrize("what", ["link", "folder link", "folder", "large", "many"])
def test_files_of_the_tree_are_not_trusted(what: str, tmp_path: Path) -> None:
    secret = a_tree(tmp_path / "secret", {"requirements.txt": "secret==1"})
    tree = a_tree(tmp_path / "tree", {"readme": ""})
    match what:
        case "link":
            (tree / "requirements.txt").symlink_to(secret / "requirements.txt")
        case "folder link":
            (tree / "app").symlink_to(secret)
        case "folder":
            (tree / "app" / "requirements.txt").mkdir(parents=True)
        case "large":
            (tree / "requirements.txt").write_bytes(b"#" * (1024 * 1024 + 1))
        case "many":
            a_tree(tree, {f"{number}/requirements.txt": "" for number in range(101)})
    isolation = FakeIsolation()
    subject = a_subject(tree, requirements=["app/requirements.txt"])
    assert check_pip_audit(subject, a_bench(isolation)).state == "failed"
    assert isolation.boxes == []


def test_safety_needs_an_account(tmp_path: Path) -> None:
    expected = not_audited("needs an account: set SAFETY_API_KEY")
    assert check_safety(a_subject(tmp_path), a_bench(FakeIsolation())) == expected


@pytest.mark.parametrize(
    ("base", "outcome", "state"),
    [
        ("jinja2==2.10", finished(SAFETY_FOUND, returncode=64), "passed"),
        ("", finished(SAFETY_FOUND, returncode=64), "failed"),
        ("", finished("welcome"), "not_audited"),
        ("", finished(returncode=65), "not_audited"),
        ("", Outcome("timed_out", None, "", "", 1.0), "not_audited"),
    ],
)
def test_safety_gives_the_key_to_the_program_alone(base: str, outcome: Outcome, state: str, tmp_path: Path) -> None:
    head = a_tree(tmp_path / "head", {"requirements.txt": "jinja2==2.10"})
    before = a_tree(tmp_path / "base", {"requirements.txt": base})
    isolation = FakeIsolation({"safety": outcome})
    assessment: Assessment = check_safety(a_subject(head, before), a_bench(isolation, safety_key="s3cret"))
    assert assessment.state == state
    call: Any = isolation.calls[0]
    assert (dict(call.environment), "s3cret" in repr(call.argv)) == ({"SAFETY_API_KEY": "s3cret"}, False)
    assert call.setup.hosts == ("*.safetycli.com:443",)
