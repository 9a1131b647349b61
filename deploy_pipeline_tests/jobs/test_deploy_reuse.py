"""Deployments over fakes that do only what changed: a second one after a first, with something different between."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.gateways.services import RunningTask, ServiceState
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline.gateways.trivy import ImageScan
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline_tests.fakes.fake_docker_engine import id_of
from deploy_pipeline_tests.fakes.fake_function_source import FakeFunctionSource
from deploy_pipeline_tests.fakes.fake_knowledge_base import FakeKnowledgeBases
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy
from deploy_pipeline_tests.jobs.deploy_world import (
    DIGEST,
    NEW,
    OLD,
    OTHER,
    OUTPUTS,
    REFERENCE,
    World,
    failed_steps,
    report,
)
from deploy_pipeline_tests.samples import SHA, SPEC, a_commit

IMAGE = {"build_image[inference]", "scan_image[inference]", "push_image[inference]"}
STACK = {"init_terraform", "plan_terraform", "apply_terraform"}
FUNCTION = {"package_function[data_prep]", "publish_function[data_prep]"}
SERVICE = {"deploy_service[inference]"}
ALL = IMAGE | STACK | FUNCTION | SERVICE
STATE = ("state", "main.tfstate")


class Twice(World):
    """A world whose first commit is deployed; `again` deploys the second, which has the same files."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name, text in {
            "fargate/inference/Dockerfile": "FROM base:1\nCOPY . /app\n",
            "fargate/inference/main.py": "print(1)\n",
            "terraform/main/main.tf": 'variable "image_uris" {}\n',
            "terraform/main/.terraform.lock.hcl": "",
        }.items():
            (folder / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / "tree" / name).write_text(text)
        self.docker_engine.bases["base:1"] = id_of("base")
        clean = ImageScan(report("trivy_report_clean.json"), '{"version": "2.1.0"}', "2026-11-01")
        self.trivy = FakeTrivy({id_of(REFERENCE): clean, id_of(REFERENCE.replace(SHA, OTHER)): clean})
        self.object_store.objects[STATE] = json.dumps({"serial": 7, "lineage": "line"}).encode()
        self.git = type(self.git)({SHA: folder / "tree", OTHER: folder / "tree"}, {OTHER: (SHA,)})
        self.github = type(self.github)([a_commit(), a_commit(sha=OTHER)])

    def again(self, *, force: bool = False, hotfix: str = "") -> dg.ExecuteInProcessResult:
        for made in (self.docker_engine.builds, self.docker_engine.pushed, self.trivy.scanned, self.terraform.planned,
                     self.function_source.packaged, self.functions.moved, self.services.updates):  # fmt: skip
            made.clear()
        config = {"commit": OTHER, "force": force, "hotfix": hotfix}
        return self.run(deploy_job, {"ops": {"resolve_candidate": {"config": config}}})


def outputs_of(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Step -> what its output says."""
    return {
        event.step_key or "": {name: value.value for name, value in event.step_output_data.metadata.items()}
        for event in result.filter_events(lambda event: event.event_type_value == "STEP_OUTPUT")
    }


def worked(result: dg.ExecuteInProcessResult) -> set[str]:
    """The steps of `ALL` that did their work."""
    said = outputs_of(result)
    return {step for step in ALL if "reused from" not in said.get(step, {})}


def test_a_plan_without_changes_says_nothing_of_a_state_that_somebody_has_changed_since(tmp_path: Path) -> None:
    """As in a run that goes on from a failure: Terraform refuses a stale plan only where it applies one."""
    world = Twice(tmp_path)
    plan = Plan("f" * 64, "digest", 0, 0, 0, 0, applyable=False)
    states: dict[str, AppliedState | DeployError] = {"terraform/main": AppliedState(8, "line", 30, OUTPUTS)}
    world.terraform = FakeTerraform(plans={"terraform/main": plan}, states=states)
    failures = failed_steps(world.deploy())
    assert "had the serial 7 when it was planned, and has 8 now" in failures["apply_terraform"]


@pytest.fixture
def world(tmp_path: Path) -> Twice:
    made = Twice(tmp_path)
    first = made.deploy()
    assert first.success, failed_steps(first)
    assert worked(first) == ALL
    return made


def test_the_same_again_does_nothing_but_check_record_and_tell(world: Twice) -> None:
    before = world.ledger.live()
    result = world.again()
    assert result.success, failed_steps(result)
    assert worked(result) == set()
    assert (world.docker_engine.builds, world.docker_engine.pushed, world.function_source.packaged) == ([], {}, [])
    assert (world.terraform.planned, world.services.updates, world.functions.moved) == ([], [], [])
    after = world.ledger.live()
    assert before is not None
    assert after is not None
    assert (after.candidate.commit.sha, after.images[0].digest) == (OTHER, DIGEST)
    assert (after.stacks, after.packages) == (before.stacks, before.packages)
    assert ("ml/inference", DIGEST, OTHER) in world.ecr.moved
    assert len(world.slack.posts) == 2
    assert [status.state for status in world.github.statuses] == ["pending", "success"] * 2
    assert len([step for step in outputs_of(result) if step.startswith("smoke_test")]) == 4


def test_what_is_taken_over_is_told_with_its_origin(world: Twice) -> None:
    said = outputs_of(world.again())
    live = world.ledger.live()
    assert live is not None
    assert live.images[0].built is not None
    for step in ALL:
        assert said[step]["reused from"] == SHA
        assert isinstance(said[step]["saved seconds"], float)
        assert said[step]["why"]
    assert said["build_image[inference]"]["content key"] == live.images[0].built.key


def test_a_third_deployment_names_the_one_that_did_the_work(world: Twice) -> None:
    world.again()
    said = outputs_of(world.again())
    assert {said[step]["reused from"] for step in ALL} == {SHA}


def test_force_does_everything(world: Twice) -> None:
    a_service_of_the_next_image(world)
    result = world.again(force=True)
    assert result.success, failed_steps(result)
    assert worked(result) == ALL
    assert [call.tag for call in world.docker_engine.builds] == [REFERENCE.replace(SHA, OTHER)]


def a_record_without_keys(world: Twice) -> None:
    """As an earlier version of the pipeline wrote it."""
    live = world.ledger.head().head.live
    assert live is not None
    key = ("ledger", world.ledger.deployed_key(live.release))
    record = json.loads(world.object_store.objects[key])
    del record["candidate"]["force"]
    for name in ("image_id", "built", "scanned", "pushed"):
        del record["images"][0][name]
    for name in ("initialised", "planned", "applied"):
        del record["stacks"][0][name]
    for part in ("functions", "services", "packages"):
        del record[part][0]["work"]
    world.object_store.objects[key] = json.dumps(record).encode()
    a_service_of_the_next_image(world)


def a_lost_package(world: Twice) -> None:
    (name,) = [key for key in world.object_store.objects if key[1].startswith("packages/")]
    del world.object_store.objects[name]


def a_lost_report(world: Twice) -> None:
    (name,) = [key for key in world.object_store.objects if key[1].startswith("scans/reports/")]
    del world.object_store.objects[name]


def a_newer_database(world: Twice) -> None:
    world.trivy.known = "trivy 1, database of tomorrow"


def another_state(world: Twice) -> None:
    world.object_store.objects[STATE] = json.dumps({"serial": 8, "lineage": "line"}).encode()


def another_lineage(world: Twice) -> None:
    world.object_store.objects[STATE] = json.dumps({"serial": 7, "lineage": "other"}).encode()


def a_state_that_is_gone(world: Twice) -> None:
    del world.object_store.objects[STATE]


def a_state_that_is_being_changed(world: Twice) -> None:
    world.object_store.objects["state", "main.tfstate.tflock"] = b"{}"


def an_alias_that_somebody_moved(world: Twice) -> None:
    world.functions.aliases["ml-data-prep", "live"] = AliasState("1", "r9", {})


def an_alias_in_a_canary(world: Twice) -> None:
    alias = world.functions.aliases["ml-data-prep", "live"]
    world.functions.aliases["ml-data-prep", "live"] = replace(alias, routing={"1": 0.1})


def a_function_with_new_settings(world: Twice) -> None:
    world.functions.reconfigured.add("ml-data-prep")


def a_service_that_somebody_moved(world: Twice) -> None:
    task = RunningTask("arn:task/t1", NEW, "RUNNING", "UNKNOWN", "10.0.0.9", "")
    moved, back = ServiceState(OLD, 1, 1, 0, "COMPLETED", ""), ServiceState(NEW, 1, 1, 0, "COMPLETED", "")
    definition = world.services.latest_task_definition("ml-inference")
    looks = [Look(moved), Look(moved), Look(back, (task,))]
    world.services = FakeServices({("ml", "ml-inference"): looks}, {"ml-inference": definition})


def a_lost_image(world: Twice) -> None:
    world.ecr.lost = frozenset({DIGEST})
    a_service_of_the_next_image(world)


def a_changed_file(world: Twice) -> None:
    (world.folder / "tree/fargate/inference/main.py").write_text("print(2)\n")
    a_service_of_the_next_image(world)


def a_base_image_that_is_not_there(world: Twice) -> None:
    world.docker_engine.bases["base:1"] = ""
    a_service_of_the_next_image(world)


def a_service_of_the_next_image(world: Twice) -> None:
    """Terraform, which is a fake here, makes no task definition."""
    fresh = replace(world.services.latest_task_definition("ml-inference"))
    new = id_of(f"manifest of {id_of(REFERENCE.replace(SHA, OTHER))}")
    definition = replace(fresh, images={"inference": f"registry.test/ml/inference@{new}"})
    task = RunningTask("arn:task/t1", NEW, "RUNNING", "UNKNOWN", "10.0.0.9", "")
    looks = [Look(ServiceState(NEW, 1, 1, 0, "COMPLETED", ""), (task,))]
    world.services = FakeServices({("ml", "ml-inference"): looks}, {"ml-inference": definition})


def a_changed_function(world: Twice) -> None:
    world.function_source = FakeFunctionSource({"data_prep": {"handler.py": (b"def handler(): return 1", False)}})
    world.functions.answers["ml-data-prep", "3"] = world.functions.answers["ml-data-prep", "2"]


def a_changed_stack(world: Twice) -> None:
    (world.folder / "tree/terraform/main/main.tf").write_text('variable "image_uris" { default = {} }\n')


def a_changed_variable(world: Twice) -> None:
    spec = json.loads(json.dumps(SPEC))
    spec["terraform"]["main"]["variables"]["colour"] = "red"
    (world.folder / "tree/deploy.yaml").write_text(json.dumps(spec))


def a_file_that_a_variable_of_our_environment_names(world: Twice) -> None:
    world.terraform.given = {"TF_VAR_name": "../../shared/x.json"}
    (world.folder / "tree/shared").mkdir()
    (world.folder / "tree/shared/x.json").write_text("{}")


@pytest.mark.parametrize(
    ("between", "expected"),
    [
        (a_file_that_a_variable_of_our_environment_names, STACK),
        (a_record_without_keys, ALL),
        (a_lost_image, IMAGE | STACK - {"init_terraform"} | SERVICE),
        (a_changed_file, IMAGE | STACK - {"init_terraform"} | SERVICE),
        (a_base_image_that_is_not_there, IMAGE | STACK - {"init_terraform"} | SERVICE),
        (a_lost_package, {"package_function[data_prep]"}),
        (a_lost_report, {"scan_image[inference]"}),
        (a_newer_database, {"scan_image[inference]"}),
        (another_state, STACK - {"init_terraform"}),
        (another_lineage, STACK - {"init_terraform"}),
        (a_state_that_is_gone, STACK - {"init_terraform"}),
        (a_state_that_is_being_changed, STACK - {"init_terraform"}),
        (a_changed_stack, STACK),
        (a_changed_variable, STACK - {"init_terraform"}),
        (a_changed_function, FUNCTION | STACK - {"init_terraform"}),
        (an_alias_that_somebody_moved, {"publish_function[data_prep]"}),
        (an_alias_in_a_canary, {"publish_function[data_prep]"}),
        (a_function_with_new_settings, {"publish_function[data_prep]"}),
        (a_service_that_somebody_moved, SERVICE),
    ],
)
def test_what_differs_is_done_again_and_nothing_else(
    world: Twice, between: Callable[[Twice], None], expected: set[str]
) -> None:
    between(world)
    result = world.again()
    assert result.success, failed_steps(result)
    assert worked(result) == expected


def test_a_stack_that_must_be_planned_is_prepared_first(world: Twice) -> None:
    world.terraform.initialised.clear()
    another_state(world)
    assert world.again().success
    assert len(world.terraform.initialised) == 1


def test_a_plan_that_would_change_nothing_is_not_applied(world: Twice) -> None:
    another_state(world)
    plan, state = Plan("f" * 64, "digest", 0, 0, 0, 0, applyable=False), AppliedState(8, "line", 30, OUTPUTS)
    world.terraform = FakeTerraform(plans={"terraform/main": plan}, states={"terraform/main": state})
    assert world.again().success
    live = world.ledger.live()
    assert live is not None
    assert (world.terraform.applied, live.stacks[0].serial) == ([], 8)
    assert "plan_terraform" not in worked(world.again())


def test_an_acceptance_that_has_ended_stops_an_image_that_is_not_scanned_again(world: Twice) -> None:
    """The findings are those of the earlier report, and the policy is today's."""
    (stored,) = [key for key in world.object_store.objects if key[1].startswith("scans/reports/")]
    world.object_store.objects[stored] = json.dumps(report("trivy_report.json")).encode()
    result = world.again()
    assert world.trivy.scanned == []
    assert list(failed_steps(result)) == ["scan_image[inference]"]


def test_an_image_that_the_engine_has_lost_is_fetched_to_be_scanned(world: Twice) -> None:
    a_newer_database(world)
    world.docker_engine.images.clear()
    assert world.again().success
    assert world.docker_engine.pulled == [f"registry.test/ml/inference@{DIGEST}"]


def test_a_deployment_that_failed_is_undone_and_the_next_one_asks_aws_what_it_serves(world: Twice) -> None:
    """The release that is live stays the one to compare with."""
    original, passages = world.function_source, world.knowledge_bases
    a_changed_function(world)
    world.knowledge_bases = FakeKnowledgeBases({})
    assert list(failed_steps(world.again())) == ["smoke_test[kb]"]
    assert world.functions.moved[-2:] == [("ml-data-prep", "live", "3"), ("ml-data-prep", "live", "2")]
    world.function_source, world.knowledge_bases = original, passages
    world.functions.answers["ml-data-prep", "4"] = world.functions.answers["ml-data-prep", "2"]
    assert "publish_function[data_prep]" in worked(world.again())
    assert world.functions.aliases["ml-data-prep", "live"].version == "4"
