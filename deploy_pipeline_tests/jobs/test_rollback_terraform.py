"""Going back with Terraform, over fakes: by itself where that is safe, else when a person has seen the plan."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ownership import TrafficResource
from deploy_pipeline.core.terraform_plan import ResourceChange
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ops.decide import write_decision
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.jobs.deploy_world import OTHER, OUTPUTS, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import STATE, Twice, a_changed_function
from deploy_pipeline_tests.jobs.test_held_deployments import requests
from deploy_pipeline_tests.jobs.test_rollback_job import ALIAS, live_release, rolled_back
from deploy_pipeline_tests.samples import SHA

ALL = ["functions,services,terraform"]
CHANGE = ResourceChange("aws_lambda_function.f", "aws_lambda_function", "change", ("update",))
LOST = ResourceChange("aws_kms_key.k", "aws_kms_key", "destroy", ("delete",))
BACK = AppliedState(8, "line", 29, OUTPUTS)


@pytest.fixture
def world(tmp_path: Path) -> Twice:
    """Two releases, of which the second one has another package, and so another plan."""
    made = Twice(tmp_path)
    assert made.deploy().success
    a_changed_function(made)
    assert made.again().success
    plans(made, CHANGE)
    return made


def plans(world: Twice, *changes: ResourceChange, digest: str = "back", **more: Any) -> None:
    def plan(variables: Mapping[str, Any]) -> Plan:
        return Plan("e" * 64, digest, 0, 1, 0, 0, changes, **more)

    states: dict[str, AppliedState | DeployError] = {"terraform/main": BACK}
    world.terraform = FakeTerraform(plans={"terraform/main": plan}, states=states)


def held(world: Twice, result: dg.ExecuteInProcessResult) -> str:
    failures = failed_steps(result)
    assert list(failures) == ["plan_rollback"]
    assert (world.terraform.applied, world.functions.aliases[ALIAS].version) == ([], "3")
    assert live_release(world).commit == OTHER
    return failures["plan_rollback"]


def test_a_safe_plan_is_applied_after_the_code_went_back(world: Twice) -> None:
    first = world.ledger.release(live_release(world).replaced)
    result = rolled_back(world, only=ALL)
    assert result.success, failed_steps(result)
    (planned,) = world.terraform.planned
    assert first is not None
    assert planned.variables["package_keys"]["data_prep"]
    assert [work for work, _ in world.terraform.applied] == [planned.work]
    steps = [event.step_key for event in result.get_step_success_events()]
    order = ["plan_rollback", "roll_back_functions", "roll_back_services", "roll_back_terraform", "record_rollback"]
    assert [step for step in steps if step in order] == order
    live = world.ledger.live()
    assert live is not None
    assert live.candidate.commit.sha == SHA
    assert (live.stacks[0].serial, live.stacks[0].plan_digest, live.stacks[0].resources) == (8, "back", 29)
    record = world.ledger.deployment(live.release)
    assert record is not None
    assert [(each.name, each.plan_digest) for each in record.stacks] == [("main", "back")]


def test_it_is_planned_with_what_the_earlier_release_had(world: Twice) -> None:
    earlier = world.ledger.deployed(live_release(world).replaced)
    live = world.ledger.live()
    assert earlier is not None
    assert live is not None
    rolled_back(world, only=["terraform"])
    assert world.terraform.planned[0].variables["package_keys"] == {"data_prep": earlier.packages[0].key}
    assert earlier.packages[0].key != live.packages[0].key


def test_the_next_deployment_takes_the_stack_over_as_it_went_back(world: Twice) -> None:
    assert rolled_back(world, only=ALL).success
    world.object_store.objects[STATE] = b'{"serial": 8, "lineage": "line"}'
    world.function_source = type(world.function_source)({"data_prep": {"handler.py": (b"def handler(): ...", False)}})
    world.functions.answers["ml-data-prep", "4"] = world.functions.answers["ml-data-prep", "2"]
    world.terraform.planned.clear()
    config = {"ops": {"resolve_candidate": {"config": {"commit": OTHER}}}}
    result = world.run(deploy_job, config)
    assert result.success, failed_steps(result)
    assert world.terraform.planned == []


def test_terraform_alone_leaves_the_code(world: Twice) -> None:
    result = rolled_back(world, only=["terraform"])
    assert result.success, failed_steps(result)
    assert (world.functions.aliases[ALIAS].version, live_release(world).commit) == ("3", OTHER)
    assert live_release(world).stacks["main"].serial == 8


def test_terraform_stays_unless_it_is_wanted(world: Twice) -> None:
    result = rolled_back(world)
    assert result.success, failed_steps(result)
    assert (world.terraform.planned, live_release(world).stacks["main"].serial) == ([], 7)


def test_a_rollback_has_no_stacks_to_go_back_to(world: Twice) -> None:
    """It left Terraform as it was: planned with the commit that it restored, it would take back what nobody meant."""
    first = live_release(world).replaced
    assert rolled_back(world).success
    back = live_release(world)
    assert world.again().success
    failures = failed_steps(rolled_back(world, to=back.name, only=ALL))
    assert f"such as {first}" in failures["resolve_rollback"]
    assert world.terraform.applied == []


def test_what_would_be_lost_waits_and_nothing_moves(world: Twice) -> None:
    plans(world, CHANGE, LOST)
    said = held(world, rolled_back(world, only=ALL))
    (asked,) = world.ledger.approvals().values()
    assert "is not safe (irreversible)" in said
    assert asked.shows == (
        "main: irreversible: destroy aws_kms_key.k: what it has encrypted cannot be read any more",
        "main: safe: change aws_lambda_function.f",
    )
    (run,) = world.instance.get_runs(limit=1)
    assert run_tags.own(run.run_id, run.tags, run_tags.HELD) == asked.id


def test_what_is_granted_goes_on_by_the_same_way(world: Twice) -> None:
    plans(world, CHANGE, LOST)
    bad = live_release(world)
    rolled_back(world, only=ALL, reason="it is slow")
    (asked,) = world.ledger.approvals().values()
    write_decision(world.ledger, FakeClock(), asked.id, "granted", "grace", "the key was never used")
    (request,) = requests(world)
    assert request.job_name == rollback_job.name
    config = request.run_config["ops"]["resolve_rollback"]["config"]
    assert config == {
        "to": bad.replaced, "only": ["functions", "services", "terraform"], "reason": "it is slow",
        "instead_of": bad.name,
    }  # fmt: skip
    result = world.run(rollback_job, dict(request.run_config))
    assert result.success, failed_steps(result)
    assert (len(world.terraform.applied), live_release(world).commit) == (1, SHA)


def test_a_grant_is_for_just_that_plan(world: Twice) -> None:
    plans(world, CHANGE, LOST)
    rolled_back(world, only=ALL)
    (asked,) = world.ledger.approvals().values()
    write_decision(world.ledger, FakeClock(), asked.id, "granted", "grace", "fine")
    plans(world, CHANGE, LOST, digest="another")
    held(world, rolled_back(world, only=ALL))
    assert len(world.ledger.approvals()) == 2


def test_traffic_that_the_earlier_configuration_would_move_ends_it(world: Twice) -> None:
    values = {"name": "live", "function_name": "ml-data-prep"}
    alias = TrafficResource("aws_lambda_alias.live", "aws_lambda_alias", "live", "", values, frozenset())
    plans(world, CHANGE, traffic=(alias,))
    assert "aws_lambda_alias.live" in held(world, rolled_back(world, only=ALL))


def test_an_apply_that_fails_returns_the_code_and_leaves_terraform(world: Twice) -> None:
    plans(world, CHANGE)
    world.terraform._states["terraform/main"] = DeployError("AccessDenied", where="stack main")
    assert "AccessDenied" in failed_steps(rolled_back(world, only=ALL))["roll_back_terraform"]
    assert (world.functions.aliases[ALIAS].version, live_release(world).commit) == ("3", OTHER)
    assert len(world.terraform.applied) == 1
