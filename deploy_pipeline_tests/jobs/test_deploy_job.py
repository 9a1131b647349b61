"""The whole deployment over fakes: what happens in which order, and what a failure leaves as it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.services import RunningTask, ServiceState, TaskDefinition
from deploy_pipeline.gateways.terraform import Plan
from deploy_pipeline.gateways.trivy import ImageScan
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine, id_of
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_knowledge_base import FakeKnowledgeBases
from deploy_pipeline_tests.fakes.fake_mail import FakeMail
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy
from deploy_pipeline_tests.jobs.deploy_world import DIGEST, NEW, OLD, PINNED, REFERENCE, World, failed_steps, report
from deploy_pipeline_tests.samples import SHA, a_commit


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_deploy_moves_everything_and_tells_people(world: World) -> None:
    result = world.deploy()
    assert result.success, failed_steps(result)
    assert world.changed() == {
        "services": [("ml", "ml-inference", NEW)],
        "functions": [("ml-data-prep", "live", "2")],
        "latest": [("ml/inference", DIGEST, "latest")],
    }
    run = world.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run_tags.UNTOLD not in run.tags
    live = world.ledger.live()
    assert live is not None
    assert (live.candidate.commit.sha, live.images[0].pinned, live.stacks[0].serial) == (SHA, PINNED, 7)
    assert world.slack.posts[0].text == "✅ Deployment successful: production"
    assert "smoke tests: 4 of 4 passed" in world.mail.sent[0].text
    assert [status.state for status in world.github.statuses] == ["pending", "success"]
    assert [status.state for status in world.github.deployment_statuses] == ["in_progress", "success"]


def test_deploy_records_every_asset_with_its_version_and_links(world: World) -> None:
    result = world.deploy()
    found = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    events = {"/".join(each.asset_key.path): each for each in found}
    versions = {key: (event.tags or {})["dagster/data_version"] for key, event in events.items()}
    assert versions["production/image/inference"] == DIGEST
    assert versions["production/terraform/main"] == "line-7"
    assert versions["production/service/inference"] == "ml-inference:2"
    names = ("image/inference", "terraform/main", "service/inference", "function/data_prep", "release/live")
    assert set(versions) == {f"production/{name}" for name in names}
    assert all(event.metadata["run"].value == f"http://ui/runs/{result.run_id}" for event in events.values())


def test_deploy_feeds_terraform_with_the_digest_and_the_package(world: World) -> None:
    world.deploy()
    (planned,) = world.terraform.planned
    package = next(key for _, key in world.object_store.objects if key.startswith("packages/data_prep/"))
    assert planned.variables == {
        "artifact_bucket": "artifacts",
        "image_uris": {"inference": PINNED},
        "package_keys": {"data_prep": package},
    }


def test_deploy_hands_each_branch_its_own_target_alone(world: World) -> None:
    world.deploy()
    for step, table in (("fan_out_images", "images"), ("fan_out_functions", "functions"),
                        ("fan_out_services", "services"), ("fan_out_function_deployments", "functions")):  # fmt: skip
        (file,) = [path for path in (world.folder / "values").rglob("*.json") if step in path.parts]
        spec = json.loads(file.read_text())["candidate"]["spec"]
        assert [each for each in ("images", "functions", "services") if spec[each]] == [table]
        assert {test["kind"] for test in spec["smoke_tests"]} <= {table.removesuffix("s")}


def test_deploy_keeps_no_secret_in_its_values(world: World) -> None:
    world.deploy()
    kept = b"".join(path.read_bytes() for path in (world.folder / "values").rglob("*.json"))
    assert b"the-api-key" not in kept


def a_vulnerable(world: World) -> None:
    world.trivy = FakeTrivy({id_of(REFERENCE): ImageScan(report("trivy_report.json"), "{}", "2026-11-01")})


def a_scanner_without_a_database(world: World) -> None:
    world.trivy.known = DeployError("no vulnerability database", where="trivy", todo="download it")


def a_broken_build(world: World) -> None:
    broken = DeployError(
        "step 3 failed: pip: no such version", where="image inference", todo="correct requirements.txt"
    )
    world.docker_engine = FakeDockerEngine(failures={REFERENCE: broken})


def a_failing_apply(world: World) -> None:
    refused = DeployError("AccessDenied", where="terraform/main", todo="give the role ecs:UpdateService")
    world.terraform = FakeTerraform(
        plans={"terraform/main": Plan("f" * 64, "digest", 3, 1, 0, 0)}, states={"terraform/main": refused}
    )


@pytest.mark.parametrize(
    ("spoil", "step", "message"),
    [
        (a_scanner_without_a_database, "prepare_scanner", "download it"),
        (a_broken_build, "build_image[inference]", "correct requirements.txt"),
        (a_vulnerable, "scan_image[inference]", "2.10.1"),
        (a_failing_apply, "apply_terraform", "give the role ecs:UpdateService"),
    ],
)
def test_deploy_fails_at_the_right_stage_and_changes_nothing(world: World, spoil: Any, step: str, message: str) -> None:
    spoil(world)
    result = world.deploy()
    assert not result.success
    failures = failed_steps(result)
    assert list(failures) == [step]
    assert message in failures[step]
    assert world.changed() == {"services": [], "functions": [], "latest": []}
    assert world.ledger.live() is None


def test_deploy_with_a_service_that_stops_leaves_functions_and_latest_alone(world: World) -> None:
    stopped = tuple(RunningTask(f"arn:t/{n}", NEW, "STOPPED", "", None, "exit code 1") for n in range(3))
    before = Look(ServiceState(OLD, 1, 1, 0, "COMPLETED", ""))
    crashing = Look(ServiceState(NEW, 1, 0, 0, "IN_PROGRESS", ""), (), stopped)
    definitions = {"ml-inference": TaskDefinition(NEW, {"inference": PINNED})}
    world.services = FakeServices({("ml", "ml-inference"): [before, crashing, before]}, definitions)
    result = world.deploy()
    failures = failed_steps(result)
    assert list(failures) == ["deploy_service[inference]"]
    assert "exit code 1" in failures["deploy_service[inference]"]
    there_and_back = [("ml", "ml-inference", NEW), ("ml", "ml-inference", OLD)]
    assert world.changed() == {"services": there_and_back, "functions": [], "latest": []}


def test_deploy_with_a_failing_smoke_test_does_not_become_the_release(world: World) -> None:
    world.knowledge_bases = FakeKnowledgeBases({})
    result = world.deploy()
    assert list(failed_steps(result)) == ["smoke_test[kb]"]
    assert world.ecr.moved == []
    assert world.ledger.live() is None


def test_deploy_succeeds_when_nobody_can_be_told(world: World) -> None:
    world.slack = FakeSlack(DeployError("invalid_auth", where="Slack"))
    world.mail = FakeMail(DeployError("MessageRejected", where="SES"))
    assert world.deploy().success


class GitHubThatCannotBeTold(FakeGitHub):
    """Answers questions and takes nothing."""

    def set_status(self, repository: str, sha: str, **said: Any) -> None:
        raise DeployError("answered 502", where="GitHub", retryable=True)

    def create_deployment(self, repository: str, sha: str, environment: str, description: str) -> int:
        raise DeployError("answered 502", where="GitHub", retryable=True)


def test_deploy_goes_on_when_github_cannot_be_told(world: World) -> None:
    world.github = GitHubThatCannotBeTold([a_commit()])
    result = world.deploy()
    assert result.success, failed_steps(result)
    run = world.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[run_tags.UNTOLD] == "yes"  # the sensor goes on with it
    assert run_tags.own(run.run_id, run.tags, run_tags.TOLD) == "slack,email"


def test_deploy_tells_github_of_one_deployment_when_its_status_is_lost(world: World) -> None:
    broken = DeployError("connection reset", where="GitHub", retryable=True)
    statuses = iter([broken, None])

    class TellsLate(FakeGitHub):
        def set_deployment_status(self, repository: str, deployment_id: int, **said: Any) -> None:
            error = next(statuses, None)
            if error:
                raise error
            super().set_deployment_status(repository, deployment_id, **said)

    world.github = TellsLate([a_commit()])
    assert world.deploy().success
    assert len(world.github.deployments) == 1
