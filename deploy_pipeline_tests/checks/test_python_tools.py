"""What the checks of Python code run, in which boxes, and how they end when a program does not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.checks import python_tools
from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.subject import ChangedFile, Subject
from deploy_pipeline.core.isolation import BoxSetup, Limits, Outcome, Prepared
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation, finished

Check = Callable[[Subject, Bench], Assessment]
CHECKS: dict[str, Check] = {
    "black": python_tools.check_black,
    "isort": python_tools.check_isort,
    "flake8": python_tools.check_flake8,
    "mypy": python_tools.check_mypy,
    "bandit": python_tools.check_bandit,
}
REPORT = b'{"results": [], "errors": [], "metrics": {"_totals": {"loc": 3}}}'
FOUND = (
    b'{"results": [{"filename": "./app.py", "issue_severity": "HIGH", "issue_text": "shell", "line_number": 3,'
    b' "test_id": "B602"}], "errors": [], "metrics": {"_totals": {"loc": 3}}}'
)


@pytest.mark.parametrize("name", CHECKS)
def test_one_box_without_network_and_the_time_of_the_spec(name: str, tmp_path: Path) -> None:
    isolation = FakeIsolation(files={"/scratch/head.json": REPORT})
    subject = a_subject(tmp_path, checks={name: {"timeout_minutes": 3}}, limits={"memory_mb": 512})
    assert CHECKS[name](subject, a_bench(isolation)).state == "passed"
    environment = "environment" if name == "mypy" else ""
    assert isolation.boxes == [
        BoxSetup(
            name=name, checkout=str(tmp_path), tools="tools", environment=environment, limits=Limits(memory_mb=512)
        )
    ]
    assert [(call.timeout, dict(call.environment)) for call in isolation.calls] == [(180, {})]
    assert isolation.open == []


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    ("outcome", "summary"),
    [
        (Outcome("timed_out", None, "", "", 1.0), "it did not end within 10 minutes and was stopped"),
        (Outcome("out_of_memory", None, "", "", 1.0), "it used more than its 4096 MiB of memory and was stopped"),
        (Outcome("died", None, "", "", 1.0), "its box was stopped before it ended"),
    ],
)
def test_a_program_that_does_not_end_has_failed(name: str, outcome: Outcome, summary: str, tmp_path: Path) -> None:
    isolation = FakeIsolation({"": outcome}, files={"/scratch/head.json": REPORT})
    assert CHECKS[name](a_subject(tmp_path, tmp_path), a_bench(isolation)) == Assessment("failed", summary)


@pytest.mark.parametrize("name", CHECKS)
def test_targets_that_are_gone_fail_before_any_box(name: str, tmp_path: Path) -> None:
    isolation = FakeIsolation()
    subject = a_subject(tmp_path, checks={name: {"targets": ["lambda"]}})
    expected = Assessment("failed", "the pull request has no lambda, which deploy.yaml has checked")
    assert CHECKS[name](subject, a_bench(isolation)) == expected
    assert isolation.boxes == []


@pytest.mark.parametrize(
    ("prepared", "expected"),
    [
        (Prepared("tools", "", "no such version: torch==99"), Assessment("failed", "no such version: torch==99")),
        (Prepared("tools"), Assessment("broken", "no Python environment was prepared for this check")),
    ],
)
def test_mypy_without_an_environment(prepared: Prepared, expected: Assessment, tmp_path: Path) -> None:
    bench = a_bench(FakeIsolation(), prepared=prepared)
    assert python_tools.check_mypy(a_subject(tmp_path), bench) == expected


def test_bandit_compares_with_the_merge_base(tmp_path: Path) -> None:
    head, base = a_tree(tmp_path / "head", {"app.py": ""}), a_tree(tmp_path / "base", {".bandit": "[bandit]\n"})
    isolation = FakeIsolation(
        {"bandit": finished(returncode=1)}, {"/scratch/head.json": FOUND, "/scratch/base.json": FOUND}
    )
    assessment = python_tools.check_bandit(a_subject(head, base), a_bench(isolation))
    assert (assessment.state, assessment.facts) == ("passed", {"found": 1, "new": 0, "lines": 3})
    assert [(call.cwd, call.setup.base, call.argv[5]) for call in isolation.calls] == [
        (None, str(base), "--ini=/dev/null"),
        ("/base", str(base), "--ini=/base/.bandit"),
    ]


def test_bandit_takes_everything_as_new_when_the_base_cannot_be_read(tmp_path: Path) -> None:
    isolation = FakeIsolation({"bandit": finished(returncode=1)}, {"/scratch/head.json": FOUND})
    assert python_tools.check_bandit(a_subject(tmp_path, tmp_path), a_bench(isolation)).state == "failed"


def test_bandit_configuration_that_is_a_link_is_not_used(tmp_path: Path) -> None:
    (tmp_path / ".bandit").symlink_to("/etc/passwd")
    isolation = FakeIsolation(files={"/scratch/head.json": REPORT})
    python_tools.check_bandit(a_subject(tmp_path), a_bench(isolation))
    assert isolation.calls[0].argv[5] == "--ini=/dev/null"


@pytest.mark.parametrize(
    ("name", "comment", "summary"),
    [
        ("flake8", "# noqa", "no problems, 1 new comment that silences it"),
        ("mypy", "# type: ignore", "no type errors, 1 new comment that silences it"),
        ("bandit", "# nosec", "3 lines looked at: nothing found, 1 new comment that silences it"),
    ],
)
def test_a_new_comment_that_silences_a_tool_is_shown(name: str, comment: str, summary: str, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"app.py": f"import os  {comment}\n"})
    changes = (ChangedFile("app.py", "modified", ((1, 1),)),)
    isolation = FakeIsolation(files={"/scratch/head.json": REPORT})
    made = CHECKS[name](replace(a_subject(tree), changes=changes), a_bench(isolation))
    assert (made.state, made.summary) == ("passed", summary)
    assert made.findings == (Finding("new-suppression", f"new: {comment}", "warning", "app.py", 1, blocks=False),)
