"""Pull requests of every kind, validated for real: containers, Terraform, scanners, and AWS as the sandbox has it."""

import html
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.cli.dagster_processes import free_port, start_dagster
from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline_tests.e2e import hostile
from deploy_pipeline_tests.e2e.pull_requests import KINDS, MAIN, SCORE, UNTESTED
from deploy_pipeline_tests.e2e.validation_case import PROJECT, RUN_URL, SAMPLE, Validations, validation_sandbox

ANSWERED_SECONDS = 240.0

GOLDEN = Path(__file__).parents[1] / "data/validation_comments"
PYTHON = dict.fromkeys(("black", "isort", "flake8", "mypy", "bandit", "pytest"), "success")
INFRASTRUCTURE = dict.fromkeys(
    ("terraform-fmt", "terraform-validate", "terraform-plan", "trivy-config", "checkov", "cost"), "success"
)
STACKS = dict.fromkeys(("terraform-validate", "terraform-plan", "cost"), "success")
DEPENDENCIES = {"pip-audit": "success", "safety": "neutral", "pytest": "success"}
CLEAN = {
    **PYTHON, **INFRASTRUCTURE, **DEPENDENCIES,
    "spec": "success", "hadolint": "success", "image-build": "success",
}  # fmt: skip
UNREADABLE = dict.fromkeys(("black", "isort", "mypy", "bandit", "pytest"), "failure")
NOT_HCL = dict.fromkeys(("terraform-fmt", "terraform-validate", "terraform-plan", "trivy-config", "checkov"), "failure")

EXPECTED = {
    "clean": ("success", CLEAN),
    "unformatted": ("failure", PYTHON | dict.fromkeys(("black", "isort", "flake8"), "failure")),
    "type broken": ("failure", PYTHON | {"mypy": "failure"}),
    "failing test": ("failure", PYTHON | {"pytest": "failure"}),
    "below the coverage minimum": ("failure", PYTHON | {"pytest": "failure"}),
    "vulnerable dependency": ("failure", DEPENDENCIES | {"pip-audit": "failure", "mypy": "success"}),
    "open to the world": ("failure", INFRASTRUCTURE | {"trivy-config": "failure"}),
    "destroys a table": ("failure", INFRASTRUCTURE | {"terraform-plan": "failure"}),
    "too expensive": ("failure", INFRASTRUCTURE | {"cost": "failure"}),
    "not YAML": ("failure", {"spec": "failure", **STACKS}),
    "not HCL": ("failure", NOT_HCL | {"cost": "neutral"}),
    "not UTF-8": ("failure", {**UNREADABLE, "flake8": "success"}),
    "two thousand files": ("success", {}),
    "empty": ("success", {}),
}
"""Kind -> the verdict's status, and the conclusion of every check that is not skipped."""
ALL = {
    "spec", "black", "isort", "flake8", "mypy", "bandit", "pip-audit", "safety", "pytest", "terraform-fmt",
    "terraform-validate", "terraform-plan", "trivy-config", "checkov", "hadolint", "image-build", "cost",
}  # fmt: skip


@pytest.fixture(scope="module")
def validations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Validations]:
    """The sandbox with the sample repository."""
    with validation_sandbox(tmp_path_factory.mktemp("validation") / "sandbox") as made:
        yield made


@pytest.mark.real
@pytest.mark.parametrize("kind", KINDS)
def test_pull_request_gets_exactly_its_statuses_and_comment(validations: Validations, kind: str) -> None:
    answer = validations.validate(validations.propose(kind.capitalize(), dict(KINDS[kind])))
    verdict, ran = EXPECTED[kind]
    assert answer.checks == dict.fromkeys(ALL, "skipped") | ran
    assert answer.verdict == verdict
    assert answer.failed_steps == ({"conclude"} if verdict == "failure" else set())
    golden = GOLDEN / f"{kind.replace(' ', '_')}.md"
    if os.environ.get("WRITE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(answer.comment)
    assert answer.comment == golden.read_text()


@pytest.mark.real
def test_pull_request_is_annotated_on_the_lines_that_it_changed(validations: Validations) -> None:
    changes: dict[str, bytes | None] = {"app/score.py": SCORE.replace("min(1.0,", "min( 1.0,").encode()}
    answer = validations.validate(validations.propose("A space", changes))
    line = next(number for number, text in enumerate(SCORE.splitlines(), 1) if "min(1.0," in text)
    assert set(answer.annotations) == {("app/score.py", line, "failure")}


@pytest.mark.real
def test_pull_request_of_an_outsider_is_neither_planned_nor_built(validations: Validations) -> None:
    answer = validations.validate(validations.propose("From outside", dict(KINDS["clean"])), authorised=False)
    waiting = {"terraform-plan": "action_required", "image-build": "action_required", "cost": "action_required"}
    assert answer.checks == CLEAN | waiting
    assert (answer.verdict, answer.success) == ("pending", True)
    assert "ok\\-to\\-test" in answer.comment or "ok-to-test" in answer.comment


@pytest.mark.real
def test_second_validation_rewrites_the_comment(validations: Validations) -> None:
    number = validations.propose("Twice", {"app/score.py": (SCORE + UNTESTED).encode()})
    assert validations.validate(number).verdict == "failure"
    validations.developer.push("twice", {"app/score.py": SCORE.replace("/ 20", "/ 30").encode()}, "Take it back")
    answer = validations.validate(number)
    assert answer.verdict == "success"
    assert answer.comment.startswith("<!-- deploy-pipeline: validation -->\n## ✅ Validation passed")


@pytest.mark.real
def test_hostile_pull_request_gets_nothing(validations: Validations) -> None:
    number = validations.propose("Hostile", dict(hostile.FILES))
    hostile.push_link(validations.repository, "hostile", "tests/shadow", str(SAMPLE / "deploy.yaml"))
    answer = validations.validate(number)
    assert f"LOOT {hostile.NOTHING}" in html.unescape(answer.comment.replace("\\", ""))
    # The plugin is not loaded and its line length does not count: configuration is the base branch's.
    assert answer.checks["flake8"] == "success"
    assert "`.flake8`" in answer.comment
    assert answer.verdict == "failure"


@pytest.mark.real
def test_hostile_test_that_never_ends_is_stopped(validations: Validations) -> None:
    answer = validations.validate(validations.propose("Endless", {"tests/test_many.py": hostile.FORK_BOMB.encode()}))
    assert answer.titles["pytest"] == "it did not end within 1 minute and was stopped"
    assert answer.verdict == "failure"


@pytest.mark.real
def test_hostile_data_source_is_refused(validations: Validations) -> None:
    changes: dict[str, bytes | None] = {"terraform/main/main.tf": (MAIN + hostile.EXTERNAL).encode()}
    answer = validations.validate(validations.propose("External", changes))
    assert (answer.checks["terraform-validate"], answer.checks["terraform-plan"]) == ("failure", "failure")
    assert "hashicorp/external" in answer.titles["terraform-plan"]


@pytest.mark.real
def test_sensor_validates_a_head_and_then_the_next_one(validations: Validations) -> None:
    validations.close_all()
    number = validations.propose("Through the sensor", {"notes.md": b"# Notes\n"})
    dagster = start_dagster(PROJECT, validations.home / "ui", free_port(0), dict(os.environ))
    try:
        first = validations.head(number)
        wait_for(lambda: validations.status(first) == "success" or None, ANSWERED_SECONDS, "no verdict")
        second = validations.developer.push("through-the-sensor", dict(KINDS["unformatted"]), "Careless")
        wait_for(lambda: validations.status(second) == "failure" or None, ANSWERED_SECONDS, "no verdict")
        wait_for(lambda: validations.says(number, "Validation failed") or None, ANSWERED_SECONDS, "no comment")
    finally:
        dagster.stop()
    assert validations.says(number, f"{RUN_URL}/runs/")
