"""What a pull request may not choose, and what is not done for it before somebody allows it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.gateways.isolation import Listener
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished
from deploy_pipeline_tests.jobs.deploy_world import failed_steps
from deploy_pipeline_tests.jobs.validation_world import BASE, HEAD, ON, PULL, ValidationWorld, a_deploy_yaml

OTHER = "9" * 40


@pytest.fixture
def world(tmp_path: Path) -> ValidationWorld:
    return ValidationWorld(tmp_path)


def close(world: ValidationWorld) -> None:
    world.github.close(7)


def move(world: ValidationWorld) -> None:
    world.move_head(OTHER)


def retarget(world: ValidationWorld) -> None:
    world.github.pulls[7] = replace(world.github.pulls[7], pull_request=replace(PULL, base_branch="release"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (close, "pull request 7: is not open any more"),
        (move, "pull request 7: 111111111111 is not its head any more: 999999999999 is"),
        (retarget, "pull request 7: is against release\nWhat to do: only pull requests against main are validated"),
    ],
)
def test_what_is_not_to_be_validated_is_refused(world: ValidationWorld, change: Any, message: str) -> None:
    change(world)
    failures = failed_steps(world.validate(head=HEAD))
    assert list(failures) == ["resolve_pull_request"]
    assert failures["resolve_pull_request"].startswith(message)
    assert (world.github.statuses, world.isolation.tools, world.comment) == ([], [], "")


def test_rules_and_versions_are_those_of_the_base_branch(world: ValidationWorld) -> None:
    world.write("deploy.yaml", a_deploy_yaml(on=()))
    world.write("deploy.yaml", a_deploy_yaml(("black", "flake8"), black={"version": "26.1.0"}), BASE)
    world.changes = (*world.changes, ChangedFile("deploy.yaml", "modified"))
    assert world.validate().success
    assert world.isolation.tools == [{"black": "black==26.1.0", "flake8": "flake8==7.5.0"}]
    assert world.states() == {"validation": "success", "black": "success", "flake8": "success"}


def test_configuration_of_tools_that_the_head_changes_is_overruled_and_named(world: ValidationWorld) -> None:
    seen: list[str] = []

    def look(call: BoxCall) -> Outcome:
        seen.append((Path(call.setup.checkout) / "pyproject.toml").read_text())
        return finished()

    world.write("pyproject.toml", "# ours\n")
    world.write("pyproject.toml", "[tool.black]\nextend-exclude = '.*'\n", HEAD)
    world.changes = (*world.changes, ChangedFile("pyproject.toml", "modified"))
    world.isolation = FakeIsolation({"black": look})
    assert world.validate().success
    assert seen == ["# ours\n"]
    assert "`pyproject.toml`" in world.comment


def test_nothing_is_planned_or_built_for_a_head_that_nobody_has_allowed(world: ValidationWorld) -> None:
    world.write("terraform/main/main.tf", "")
    world.write("fargate/inference/Dockerfile", "FROM scratch\n")
    paths = ("app.py", "terraform/main/main.tf", "fargate/inference/Dockerfile")
    world.changes = tuple(ChangedFile(path, "modified") for path in paths)
    result = world.validate()
    assert result.success, failed_steps(result)
    waiting = {name: said for name, (state, said) in world.statuses().items() if state == "pending"}
    reason = "waiting: waits for a maintainer's `ok-to-test` label on 1111111"
    assert {name: said for name, said in waiting.items() if name != "validation"} == {
        "terraform-plan": reason, "image-build": reason, "cost": reason,
    }  # fmt: skip
    assert waiting["validation"].startswith("terraform-plan, image-build, cost waiting")
    assert world.programs() == ["black", "flake8", "python"]
    assert (world.docker_engine.builds, world.process.calls) == ([], [])
    assert "## ⏸️ Validation incomplete" in world.comment


class NoEngine(FakeIsolation):
    """Stands where no Docker engine runs."""

    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        raise DeployError("no engine answers", where="Docker", todo="start it, or set DOCKER_HOST")


def test_without_an_engine_nothing_is_run_and_every_status_says_why(world: ValidationWorld) -> None:
    world.isolation = NoEngine()
    failures = failed_steps(world.validate())
    assert failures == {"prepare_tools": "Docker: no engine answers\nWhat to do: start it, or set DOCKER_HOST"}
    assert (world.isolation.boxes, world.isolation.environments, world.docker_engine.builds) == ([], [], [])
    world.end_unanswered()
    assert world.states() == dict.fromkeys(world.begun(), "error")
    assert world.statuses()["black"][1].startswith("the validation broke down at prepare_tools: Docker: no engine")


def test_requirements_that_cannot_be_installed_fail_what_needs_them_and_nothing_else(world: ValidationWorld) -> None:
    world.write("deploy.yaml", a_deploy_yaml((*ON, "pytest"), ("requirements.txt",)))
    world.write("requirements.txt", "idna==99\n")
    problem = Uninstallable("no version of idna fits", where="requirements.txt", todo="require one that exists")
    world.isolation = FakeIsolation(environment=problem)
    assert list(failed_steps(world.validate())) == ["conclude"]
    states = {name: state for name, state in world.states().items() if state != "success"}
    assert states == {"validation": "failure", "mypy": "failure", "pytest": "failure"}
    assert world.statuses()["pytest"][1].startswith("requirements.txt: no version of idna fits")
    assert world.programs() == ["black", "flake8"]
