"""The whole deployment over fakes: what happens in which order, and what a failure leaves as it was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.functions import AliasState, Invocation
from deploy_pipeline.gateways.services import RunningTask, ServiceState, TaskDefinition
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline.gateways.trivy import ImageScan
from deploy_pipeline.gateways.web import Answer
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.ops.record import read_live, write_live
from deploy_pipeline.ops.values import JsonValues
from deploy_pipeline_tests.fakes.fake_api_gateway import FakeApiGateway
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine, id_of
from deploy_pipeline_tests.fakes.fake_ecr import FakeEcr
from deploy_pipeline_tests.fakes.fake_function_source import FakeFunctionSource
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions
from deploy_pipeline_tests.fakes.fake_git import FakeGit
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_knowledge_base import FakeKnowledgeBases
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers
from deploy_pipeline_tests.fakes.fake_mail import FakeMail
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import SHA, SPEC, a_commit, a_deployed, a_spec

REFERENCE = f"registry.test/ml/inference:{SHA}"
DIGEST = id_of(f"manifest of {id_of(REFERENCE)}")
PINNED = f"registry.test/ml/inference@{DIGEST}"
FAMILY = "arn:aws:ecs:us-east-1:1:task-definition/ml-inference"
OLD, NEW = f"{FAMILY}:1", f"{FAMILY}:2"
OTHER = "5" * 40
API = "https://x.execute-api.us-east-1.amazonaws.com/v1"
OUTPUTS = {"api_url": API, "api_key_id": "key1", "kb_id": "KB1"}
DATA = Path(__file__).parents[1] / "data"


def report(name: str) -> dict[str, Any]:
    """A report that Trivy printed."""
    return dict(json.loads((DATA / name).read_text()))


GATEWAYS = (
    "github", "slack", "mail", "git", "docker_engine", "ecr", "trivy", "terraform", "services", "functions", "web",
    "object_store", "function_source", "api_gateway", "knowledge_bases", "load_balancers",
)  # fmt: skip


class RegistryFake(FakeEcr):
    """Knows every digest: the fake engine pushes nowhere."""

    def move_tag(self, repository: str, digest: str, tag: str) -> None:
        self.moved.append((repository, digest, tag))


class World:
    """Every outside system, with one commit to deploy. Tests change what they are about before `deploy`."""

    def __init__(self, folder: Path) -> None:
        tree = folder / "tree"
        (tree / "lambda/data_prep").mkdir(parents=True)
        (tree / "deploy.yaml").write_text(json.dumps(SPEC))
        task = RunningTask("arn:task/t1", NEW, "RUNNING", "UNKNOWN", "10.0.0.9", "")
        before, after = ServiceState(OLD, 1, 1, 0, "COMPLETED", ""), ServiceState(NEW, 1, 1, 0, "COMPLETED", "")
        answer = Invocation(200, '{"s3_path": "s3://x"}', None, "2", "")
        self.folder = folder
        self.github, self.slack, self.mail = FakeGitHub([a_commit()]), FakeSlack(), FakeMail()
        self.git = FakeGit({SHA: tree, OTHER: tree}, {SHA: ("0" * 40,)})
        self.docker_engine, self.ecr = FakeDockerEngine(), RegistryFake({"ml/inference": {}})
        self.trivy = FakeTrivy(
            {id_of(REFERENCE): ImageScan(report("trivy_report_clean.json"), '{"version": "2.1.0"}', "2026-11-01")}
        )
        self.terraform = FakeTerraform(
            plans={"terraform/main": Plan("f" * 64, "digest", 3, 1, 0, 0)},
            states={"terraform/main": AppliedState(7, "line", 30, OUTPUTS)},
        )
        self.services = FakeServices(
            {("ml", "ml-inference"): [Look(before), Look(after, (task,))]},
            {"ml-inference": TaskDefinition(NEW, {"inference": PINNED})},
        )
        aliases = {("ml-data-prep", "live"): AliasState("1", "r1", {})}
        self.functions = FakeFunctions({"ml-data-prep": ("old",)}, aliases, {("ml-data-prep", "2"): answer})
        self.web = FakeWeb({"http://10.0.0.9:8080/health": Answer(200, "ok"), f"{API}/v1/health": Answer(200, "ok")})
        self.object_store = FakeObjectStore()
        self.function_source = FakeFunctionSource({"data_prep": {"handler.py": (b"def handler(): ...", False)}})
        self.load_balancers = FakeLoadBalancers()
        self.api_gateway = FakeApiGateway({"key1": "the-api-key"})
        self.knowledge_bases = FakeKnowledgeBases({"KB1": ("a passage",)})
        self.instance = dg.DagsterInstance.ephemeral()

    def run(self, job: dg.JobDefinition, config: dict[str, Any] | None = None) -> dg.ExecuteInProcessResult:
        values = JsonValues(self.folder / "values")
        resources = {name: getattr(self, name) for name in GATEWAYS} | {
            "home_spec": a_spec(),
            "clock": FakeClock(),
            "links": Links("http://ui"),
            "workspace": Workspace(self.folder / "work"),
            "io_manager": dg.IOManagerDefinition.hardcoded_io_manager(values),
        }
        return job.execute_in_process(
            run_config=config or {}, resources=resources, instance=self.instance, raise_on_error=False
        )

    def deploy(self) -> dg.ExecuteInProcessResult:
        return self.run(deploy_job, {"ops": {"resolve_candidate": {"config": {"commit": SHA}}}})

    def changed(self) -> dict[str, Any]:
        """Everything that a deployment changes in production."""
        return {"services": self.services.updates, "functions": self.functions.moved, "latest": self.ecr.moved}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def failed_steps(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step -> the message of its failure."""
    found = {}
    for event in result.get_step_failure_events():
        data = event.step_failure_data.user_failure_data
        found[event.step_key or ""] = (data.description if data else None) or ""
    return found


def test_deploy_moves_everything_and_tells_people(world: World) -> None:
    result = world.deploy()
    assert result.success, failed_steps(result)
    assert world.changed() == {
        "services": [("ml", "ml-inference", NEW)],
        "functions": [("ml-data-prep", "live", "2")],
        "latest": [("ml/inference", DIGEST, "latest")],
    }
    live = read_live(world.object_store, a_spec())
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
    names = ("image/inference", "terraform/main", "service/inference", "function/data_prep")
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


def test_deploy_keeps_no_secret_in_its_values(world: World) -> None:
    world.deploy()
    kept = b"".join(path.read_bytes() for path in (world.folder / "values").rglob("*.json"))
    assert b"the-api-key" not in kept


def a_vulnerable(world: World) -> None:
    world.trivy = FakeTrivy({id_of(REFERENCE): ImageScan(report("trivy_report.json"), "{}", "2026-11-01")})


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
    assert read_live(world.object_store, a_spec()) is None


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
    assert read_live(world.object_store, a_spec()) is None


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


def test_deploy_refuses_to_go_backwards(world: World) -> None:
    newer = a_deployed(replace(a_deployed().candidate, commit=a_commit(sha="9" * 40)))
    write_live(world.object_store, newer)
    result = world.deploy()
    failures = failed_steps(result)
    assert list(failures) == ["resolve_candidate"]
    assert "does not contain the live commit 999999999999" in failures["resolve_candidate"]
    assert world.docker_engine.builds == []


def test_deploy_refuses_a_commit_with_a_wrong_spec_with_all_its_mistakes(world: World) -> None:
    spec = json.loads(json.dumps(SPEC)) | {"colour": "red"}
    spec["services"]["inference"]["port"] = "80a"
    (world.folder / "tree/deploy.yaml").write_text(json.dumps(spec))
    message = failed_steps(world.deploy())["resolve_candidate"]
    assert "services.inference.port" in message
    assert "colour" in message


def test_deploy_refuses_a_commit_that_is_not_merged(world: World) -> None:
    world.github = FakeGitHub(branches={"main": [a_commit()], "pull": [a_commit(sha=OTHER)]})
    result = world.run(deploy_job, {"ops": {"resolve_candidate": {"config": {"commit": OTHER}}}})
    failures = failed_steps(result)
    assert list(failures) == ["resolve_candidate"]
    assert "555555555555 is not on main" in failures["resolve_candidate"]


@pytest.mark.parametrize("change", [{"environment": "staging"}, {"aws": SPEC["aws"] | {"ledger_bucket": "elsewhere"}}])
def test_deploy_refuses_a_commit_that_would_move_the_pipeline(world: World, change: dict[str, Any]) -> None:
    (world.folder / "tree/deploy.yaml").write_text(json.dumps(SPEC | change))
    failures = failed_steps(world.deploy())
    assert f"differs from the pipeline's own in: {next(iter(change))}" in failures["resolve_candidate"]


def test_deploy_that_is_overtaken_stops_before_its_next_change(world: World) -> None:
    newer = a_deployed(replace(a_deployed().candidate, commit=a_commit(sha="9" * 40)))

    class Overtaken(FakeTerraform):
        """Another release goes out while this one is planned."""

        def plan(self, *arguments: Any, **named: Any) -> Plan:
            write_live(world.object_store, newer)
            return super().plan(*arguments, **named)

    world.terraform = Overtaken(plans={"terraform/main": Plan("f" * 64, "digest", 3, 1, 0, 0)})
    failures = failed_steps(world.deploy())
    assert list(failures) == ["apply_terraform"]
    assert world.terraform.applied == []


def test_nightly_checks_pass_on_what_is_live(world: World) -> None:
    assert world.deploy().success
    result = world.run(nightly_e2e_job)
    assert result.success, failed_steps(result)
    assert world.slack.posts[-1].text == "✅ Nightly checks successful: production"


def test_nightly_checks_find_what_somebody_changed(world: World) -> None:
    assert world.deploy().success
    world.functions.aliases["ml-data-prep", "live"] = AliasState("1", "r9", {})
    failures = failed_steps(world.run(nightly_e2e_job))
    assert "ml-data-prep:live is at version 1, not 2" in failures["resolve_live"]


def test_nightly_checks_before_the_first_deployment_say_so(world: World) -> None:
    assert "nothing is live yet" in failed_steps(world.run(nightly_e2e_job))["resolve_live"]
