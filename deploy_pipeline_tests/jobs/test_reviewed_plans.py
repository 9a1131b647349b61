"""The plan that a pull request has shown is the plan that is applied; another one waits for a person."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.ledger.approval import Approval
from deploy_pipeline.core.plan_review import REPLANNED, UNPLANNED, PlanOutline
from deploy_pipeline.core.terraform_plan import ResourceChange
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline.ops.decide import write_decision
from deploy_pipeline_tests.checks.benches import PULL_REQUEST
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.jobs import deploy_world
from deploy_pipeline_tests.jobs.deploy_world import OTHER, OUTPUTS, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import Twice, a_changed_function
from deploy_pipeline_tests.jobs.test_held_deployments import requests
from deploy_pipeline_tests.samples import SPEC, a_commit, a_spec

STACK = "terraform/main"
ADD = ResourceChange("aws_sqs_queue.q", "aws_sqs_queue", "add", ("create",))
MORE = ResourceChange("aws_sqs_queue.more", "aws_sqs_queue", "add", ("create",))
CODE = ResourceChange("aws_lambda_function.f", "aws_lambda_function", "change", ("update",), ("s3_key",))
LOST = ResourceChange("aws_db_instance.main", "aws_db_instance", "destroy", ("delete",))


class Reviewed(Twice):
    """A world with one release, and a second commit that changes a function's package and the stack."""

    def __init__(self, folder: Path, policy: Mapping[str, str]) -> None:
        super().__init__(folder)
        (folder / "tree/deploy.yaml").write_text(json.dumps(SPEC | {"approvals": dict(policy)}))
        self.plans("first", ADD)
        commits = [a_commit(pull_request=None), a_commit(sha=OTHER)]
        self.github: FakeGitHub = FakeGitHub(commits, pull_requests=[PULL_REQUEST])

    def plans(self, digest: str, *changes: ResourceChange, new: tuple[ResourceChange, ...] = (CODE,)) -> None:
        """What Terraform plans: these changes with the live inputs; with new ones also what is `new`."""
        live = self.ledger.live()
        keys = {each.name: each.key for each in live.packages} if live else {}

        def plan(variables: Mapping[str, Any]) -> Plan:
            if variables["package_keys"] == keys:
                return Plan("f" * 64, digest, 1, 0, 0, 0, changes)
            return Plan("f" * 64, f"{digest} with {variables['package_keys']}", 1, 1, 0, 0, (*changes, *new))

        self.terraform = FakeTerraform(plans={STACK: plan}, states={STACK: AppliedState(7, "line", 30, OUTPUTS)})

    def changed_stack(self) -> None:
        """The second commit has another configuration of the stack."""
        (self.folder / "tree/terraform/main/main.tf").write_text('variable "image_uris" {}\n# more\n')

    def shows(self, digest: str, *changes: ResourceChange) -> None:
        """What the validation of the pull request's head has kept."""
        self.ledger.write_plans(PULL_REQUEST.head, {"main": PlanOutline(digest, changes)})

    @property
    def waiting(self) -> Approval:
        (found,) = self.ledger.approvals().values()
        return found


def a_world(folder: Path, monkeypatch: pytest.MonkeyPatch, **policy: str) -> Reviewed:
    strict = a_spec(approvals=policy)
    monkeypatch.setattr(deploy_world, "a_spec", lambda: strict)
    made = Reviewed(folder, policy)
    if policy.get("unplanned") != "hold":
        assert made.deploy().success
        a_changed_function(made)
    return made


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reviewed:
    return a_world(tmp_path, monkeypatch)


def held(world: Reviewed, result: dg.ExecuteInProcessResult) -> str:
    """What a held run says, once it is sure that it has changed nothing."""
    failures = failed_steps(result)
    assert list(failures) == ["plan_terraform"]
    assert world.terraform.applied == []
    assert world.ledger.head().head.lease is None
    (run,) = world.instance.get_runs(limit=1)
    assert run_tags.own(run.run_id, run.tags, run_tags.HELD) in world.ledger.approvals()
    return failures["plan_terraform"]


def granted(world: Reviewed) -> None:
    write_decision(world.ledger, FakeClock(), world.waiting.id, "granted", "grace", "looked at it")


def test_the_plan_that_was_shown_is_applied(world: Reviewed) -> None:
    world.plans("second", MORE)
    world.shows("second", MORE)
    result = world.again()
    assert result.success, failed_steps(result)
    # Planned with what was built, and once more with what is live; the first of these is what is applied.
    first, second = world.terraform.planned
    assert first.variables["package_keys"] != second.variables["package_keys"]
    assert [work for work, _ in world.terraform.applied] == [first.work]
    assert not second.work.exists()
    assert world.ledger.approvals() == {}


def test_one_that_is_the_same_as_it_is_needs_no_second_plan(world: Reviewed) -> None:
    assert world.again().success
    world.changed_stack()
    world.plans("second", MORE)
    world.shows("second", MORE)
    result = world.again()
    assert result.success, failed_steps(result)
    assert (len(world.terraform.planned), len(world.terraform.applied)) == (1, 1)


def test_another_plan_waits_and_changes_nothing(world: Reviewed) -> None:
    world.plans("second", MORE)
    world.shows("first", ADD)
    said = held(world, world.again())
    assert REPLANNED in said
    lines = ("main: add aws_sqs_queue.more: was not shown", "main: add aws_sqs_queue.q: was shown, and is not planned")
    assert world.waiting.shows == lines
    assert all(line in said for line in lines)
    assert f"`deploy-pipeline approve {world.waiting.id} --reason" in said
    assert world.waiting.id.startswith(f"plan-{OTHER[:12]}-")
    assert (world.services.updates, world.functions.moved) == ([], [])


def test_what_is_granted_is_applied(world: Reviewed) -> None:
    world.plans("second", MORE)
    world.shows("first", ADD)
    world.again()
    granted(world)
    (request,) = requests(world)
    assert request.run_config["ops"]["resolve_candidate"]["config"]["commit"] == OTHER
    result = world.again()
    assert result.success, failed_steps(result)
    assert len(world.terraform.applied) == 1


def test_a_grant_lets_no_other_plan_through(world: Reviewed) -> None:
    world.plans("second", MORE)
    world.shows("first", ADD)
    world.again()
    granted(world)
    world.plans("third", MORE, LOST)
    held(world, world.again())
    assert len(world.ledger.approvals()) == 2


def test_what_is_refused_is_not_applied(world: Reviewed) -> None:
    world.plans("second", MORE)
    world.shows("first", ADD)
    world.again()
    write_decision(world.ledger, FakeClock(), world.waiting.id, "refused", "grace", "no")
    assert "was refused by grace: no" in failed_steps(world.again())["plan_terraform"]
    assert world.terraform.applied == []


def test_data_that_only_the_new_images_would_lose_waits(world: Reviewed) -> None:
    world.plans("second", MORE, new=(CODE, LOST))
    world.shows("second", MORE)
    assert "destroy aws_db_instance.main, which has data in it: only with" in held(world, world.again())


def test_a_change_of_the_stack_alone_is_planned_as_the_validation_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = a_world(tmp_path, monkeypatch)
    assert world.again().success
    world.changed_stack()
    world.plans("second", MORE)
    world.shows("first", ADD)
    held(world, world.again())
    planned, compared = world.terraform.planned
    assert compared.variables == planned.variables
    assert (planned.alone, compared.alone) == (False, True)


def test_without_a_record_it_is_deployed(world: Reviewed) -> None:
    world.plans("second", MORE)
    result = world.again()
    assert result.success, failed_steps(result)
    assert len(world.terraform.planned) == 1


def test_policy_deploy_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(tmp_path, monkeypatch, replanned="deploy")
    world.plans("second", MORE)
    world.shows("first", ADD)
    result = world.again()
    assert result.success, failed_steps(result)
    assert len(world.terraform.planned) == 1


def test_policy_hold_of_what_no_pull_request_has_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(tmp_path, monkeypatch, unplanned="hold")
    assert UNPLANNED in held(world, world.deploy())  # the first deployment: nothing is live
    granted(world)
    assert world.deploy().success
    # A merge that changes no infrastructure has nothing to show: its plan only takes in what was built.
    a_changed_function(world)
    world.plans("second")
    result = world.again()
    assert result.success, failed_steps(result)


def test_a_record_of_another_head_does_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_world(tmp_path, monkeypatch)
    world.plans("second", MORE)
    world.shows("second", MORE)
    world.github.pulls[7] = replace(world.github.pulls[7], pull_request=replace(PULL_REQUEST, head="8" * 40))
    world.ledger.write_plans("8" * 40, {"main": PlanOutline("first", (ADD,))})
    assert REPLANNED in held(world, world.again())
