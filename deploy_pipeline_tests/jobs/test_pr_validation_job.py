"""A whole validation over fakes: what GitHub hears of which check, and what is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.plan_review import PlanOutline
from deploy_pipeline.core.terraform_plan import ResourceChange
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline_tests.checks.infrastructure_case import SomePlanAccess
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_isolation import Answer, BoxCall, FakeIsolation, finished
from deploy_pipeline_tests.jobs.deploy_world import failed_steps
from deploy_pipeline_tests.jobs.validation_world import (
    BASE,
    HEAD,
    ON,
    PULL,
    REFORMAT,
    SECRETS,
    ValidationWorld,
    a_deploy_yaml,
    short,
)
from deploy_pipeline_tests.samples import a_commit, a_spec

NAMES = {"validation", "spec", "black", "flake8", "mypy", "terraform-plan", "image-build", "cost"}
GOOD = {name: "success" for name in NAMES}


@pytest.fixture
def world(tmp_path: Path) -> ValidationWorld:
    return ValidationWorld(tmp_path)


def engine_gone(call: BoxCall) -> Outcome:
    raise DeployError("the engine does not answer", where="Docker", todo="start it")


class Buggy(FakeGitHub):
    """A mistake of ours, outside of what a check itself does: the step that tells how flake8 ended dies."""

    def set_status(self, repository: str, sha: str, **said: Any) -> None:
        if (said["context"], said["state"]) == ("deploy-pipeline/flake8", "success"):
            raise KeyError("a mistake of ours")
        super().set_status(repository, sha, **said)

    def set_check_run(self, repository: str, sha: str, **said: Any) -> None:
        if (said["name"], said["conclusion"]) == ("deploy-pipeline/flake8", "success"):
            raise KeyError("a mistake of ours")
        super().set_check_run(repository, sha, **said)


def test_a_good_pull_request_succeeds_in_every_status_and_leaves_nothing(world: ValidationWorld) -> None:
    result = world.validate(head=HEAD)
    assert result.success, failed_steps(result)
    assert (world.begun(), world.states()) == (NAMES, GOOD)
    assert {(each.sha, each.url) for each in world.github.statuses} == {(HEAD, f"http://ui/runs/{result.run_id}")}
    assert "## ✅ Validation passed" in world.comment
    assert world.isolation.open == []
    assert list((world.folder / "work/validation").iterdir()) == []


def test_every_check_is_reported_when_several_fail_and_one_cannot_run(world: ValidationWorld) -> None:
    error = json.dumps({"file": "app.py", "line": 1, "column": 1, "message": "no", "code": "x", "severity": "error"})
    outcomes: dict[str, Answer] = {"black": REFORMAT, "flake8": engine_gone, "python": finished(error, returncode=1)}
    world.isolation = FakeIsolation(outcomes)
    failures = failed_steps(world.validate())
    assert list(failures) == ["conclude"]
    assert failures["conclude"].startswith("pull request: black, mypy failed; flake8 could not run")
    assert world.states() == GOOD | {
        "validation": "failure", "black": "failure", "flake8": "error", "mypy": "failure",
    }  # fmt: skip
    assert world.statuses()["flake8"][1].startswith("could not run: Docker: the engine does not answer")
    assert "## ❌ Validation failed" in world.comment
    reports = {key: body for (_, key), body in world.objects.objects.items()}
    assert reports == {f"validation/{HEAD}/black/black.diff": REFORMAT.stdout.encode()}
    assert list((world.folder / "work/validation").iterdir()) == []


def test_a_bug_in_one_check_fails_its_step_alone_and_its_status_is_ended_later(world: ValidationWorld) -> None:
    world.github = Buggy([a_commit(sha=BASE)], pull_requests=[PULL])
    result = world.validate()
    assert list(failed_steps(result)) == ["check_flake8"]
    assert world.states().keys() == NAMES
    assert world.states() == GOOD | {"flake8": "pending", "validation": "pending"}
    assert world.comment == ""
    world.end_unanswered()
    assert world.states() == GOOD | {"flake8": "error", "validation": "error"}
    assert world.statuses()["flake8"][1].startswith("the validation broke down at check_flake8: ")
    heard = len(world.github.statuses)
    world.end_unanswered()
    assert len(world.github.statuses) == heard


class Deaf(FakeGitHub):
    """Does not hear how `black` ended, the first `times`."""

    times = 1

    def set_status(self, repository: str, sha: str, **said: Any) -> None:
        if (said["context"], said["state"]) == ("deploy-pipeline/black", "success") and self.times:
            self.times -= 1
            raise DeployError("answered 502", where="GitHub", retryable=True)
        super().set_status(repository, sha, **said)


def test_what_github_did_not_hear_from_a_check_the_answer_tells(world: ValidationWorld) -> None:
    world.github = Deaf([a_commit(sha=BASE)], pull_requests=[PULL])
    assert world.validate().success
    assert world.states() == GOOD
    told = [short(each.context) for each in world.github.statuses if each.state == "success"]
    assert (sorted(told), told[-2:]) == (sorted(NAMES), ["black", "validation"])


class DeafAndBuggy(Deaf, Buggy):
    """Both at once."""


def test_what_github_did_not_hear_is_ended_when_there_is_no_answer(world: ValidationWorld) -> None:
    world.github = DeafAndBuggy([a_commit(sha=BASE)], pull_requests=[PULL])
    world.validate()
    world.end_unanswered()
    assert world.states() == GOOD | {"flake8": "error", "black": "error", "validation": "error"}


def test_check_runs_take_the_place_of_statuses_where_they_may_be_written(world: ValidationWorld) -> None:
    world.github = Buggy([a_commit(sha=BASE)], pull_requests=[PULL], check_runs=True)
    world.isolation = FakeIsolation({"black": REFORMAT})
    world.validate()
    world.end_unanswered()
    begun, ended = world.github.check_runs[:7], world.github.check_runs[7:]
    assert {short(run.name) for run in begun} == NAMES - {"validation"}
    assert {(run.status, run.conclusion) for run in begun} == {("in_progress", None)}
    assert {short(run.name): run.conclusion for run in ended} == {
        "spec": "skipped", "black": "failure", "flake8": "cancelled", "mypy": "success", "terraform-plan": "skipped",
        "image-build": "skipped", "cost": "skipped",
    }  # fmt: skip
    (note,) = next(run.annotations for run in ended if run.conclusion == "failure")
    assert (note.path, note.start_line, note.level) == ("app.py", 1, "failure")
    assert [(short(each.context), each.state) for each in world.github.statuses] == [
        ("validation", "pending"), ("validation", "error"),
    ]  # fmt: skip


def test_the_comment_is_written_once_and_then_replaced(world: ValidationWorld) -> None:
    world.isolation = FakeIsolation({"black": REFORMAT})
    world.validate()
    assert "❌" in world.comment
    world.isolation = FakeIsolation()
    assert world.validate().success
    assert ("❌" in world.comment, len(world.github.comments)) == (False, 1)


def test_a_validation_that_is_overtaken_leaves_the_comment_to_the_newer_one(world: ValidationWorld) -> None:
    def pushed_meanwhile(call: BoxCall) -> Outcome:
        world.move_head("9" * 40)
        return finished()

    world.isolation = FakeIsolation({"black": pushed_meanwhile})
    assert world.validate().success
    assert (world.comment, world.states()) == ("", GOOD)


def test_a_failure_that_does_not_block_passes(world: ValidationWorld) -> None:
    world.write("deploy.yaml", a_deploy_yaml(black={"blocking": False}))
    world.isolation = FakeIsolation({"black": REFORMAT})
    assert world.validate().success
    assert world.statuses()["black"] == ("success", "1 file would be reformatted (does not block)")


def test_odd_names_of_files_survive_between_the_steps(world: ValidationWorld) -> None:
    odd = "a\nb \\xff.py"
    world.changes = (ChangedFile(odd, "added"), ChangedFile("app.py", "modified", ((1, 2),)))
    said = "('/checkout/a\udcff.py', 1, 'E1', 'x\udcff\\ny')\n"
    world.isolation = FakeIsolation({"flake8": finished(said, returncode=1)})
    result = world.validate()
    assert list(failed_steps(result)) == ["conclude"]
    assert [change.path for change in result.output_for_node("resolve_pull_request").changes] == [odd, "app.py"]
    assert "E1" in world.comment


def test_no_secret_is_kept_or_shown(world: ValidationWorld, capfd: pytest.CaptureFixture[str]) -> None:
    world.write("deploy.yaml", a_deploy_yaml((*ON, "safety", "pytest"), ("requirements.txt",)))
    world.write("requirements.txt", "idna==3.10\n")
    world.write("tests/test_a.py", "")
    world.changes = (*world.changes, ChangedFile("requirements.txt", "modified"))
    result = world.validate(head=HEAD, authorised=True)
    events = [str(entry) for entry in world.instance.all_logs(result.run_id)]
    values = [path.read_text() for path in (world.folder / "values").rglob("*.json")]
    run = world.instance.get_run_by_id(result.run_id)
    objects = [str(body) for body in world.objects.objects.values()]
    shown = [str(world.github.statuses), world.comment, str(run), *capfd.readouterr()]
    everything = "\n".join([*events, *values, *objects, *shown])
    assert len(values) > len(ON)
    assert [secret for secret in (*SECRETS.values(), "a-token") if secret in everything] == []


def shown_plan(call: BoxCall) -> Outcome:
    change = {
        "address": "a.b",
        "type": "a",
        "change": {"actions": ["create"], "before": None, "after": {"n": "secret"}},
    }
    plan = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [change]}
    return finished(json.dumps(plan) if call.argv[1] == "show" else "")


def planning(world: ValidationWorld, returncode: int = 0) -> None:
    def terraform(call: BoxCall) -> Outcome:
        return finished(returncode=returncode) if call.argv[1] == "plan" and returncode else shown_plan(call)

    world.github.permissions["ada"] = "admin"
    role = {"role_arn": "arn:aws:iam::123456789012:role/plan"}
    world.write("deploy.yaml", a_deploy_yaml(("terraform_plan",), terraform_plan=role))
    world.write("terraform/main/main.tf", "")
    world.write("terraform/main/.terraform.lock.hcl", "")
    world.changes = (ChangedFile("terraform/main/main.tf", "modified"),)
    world.isolation = FakeIsolation(
        {"terraform": terraform}, {"/scratch/terraform/terraform.tfstate": b'{"backend": {"type": "s3"}}'}
    )
    world.plan_access = SomePlanAccess()


def test_the_plans_of_a_head_are_kept_for_its_deployment(world: ValidationWorld) -> None:
    planning(world)
    result = world.validate(authorised=True, head=HEAD)
    assert result.success, failed_steps(result)
    kept = Ledger.of(world.objects, a_spec()).plans(HEAD)
    assert list(kept) == ["main"]
    assert kept["main"].digest.startswith("sha256:")
    assert kept["main"].changes == (ResourceChange("a.b", "a", "add", ("create",)),)
    assert "secret" not in str(world.objects.objects["ledger", f"production/plans/{HEAD}.json"])


def test_a_plan_that_failed_leaves_what_was_kept(world: ValidationWorld) -> None:
    ledger, earlier = Ledger.of(world.objects, a_spec()), {"main": PlanOutline("earlier")}
    planning(world, returncode=1)
    world.validate(authorised=True, head=HEAD)
    assert ledger.plans(HEAD) == {}
    ledger.write_plans(HEAD, earlier)
    world.validate(authorised=True, head=HEAD)
    assert ledger.plans(HEAD) == earlier
