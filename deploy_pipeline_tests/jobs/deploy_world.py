"""Every outside system of a deployment as a fake, with one commit to deploy, and the jobs over them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.ledger.deployment import deployment_id
from deploy_pipeline.core.ledger.head import Live, promoted
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.functions import AliasState, Invocation
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.services import RunningTask, ServiceState, TaskDefinition
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline.gateways.trivy import ImageScan
from deploy_pipeline.gateways.web import Answer
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.lease import LeaseLimit
from deploy_pipeline.ledger.settlement import Settlement
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline.ops.holding import held
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
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import SHA, SPEC, a_commit, a_spec

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
    "object_store", "function_source", "api_gateway", "knowledge_bases", "load_balancers", "metrics",
)  # fmt: skip


class RegistryFake(FakeEcr):
    """Knows every digest but those in `lost`: the fake engine pushes nowhere."""

    lost: frozenset[str] = frozenset()

    def has(self, repository: str, digest: str) -> bool:
        return digest not in self.lost

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
        self.metrics = FakeMetrics()
        self.instance = dg.DagsterInstance.ephemeral()

    def run(
        self, job: dg.JobDefinition, config: dict[str, Any] | None = None, tags: dict[str, str] | None = None
    ) -> dg.ExecuteInProcessResult:
        values = JsonValues(self.folder / "values")
        resources = {name: getattr(self, name) for name in GATEWAYS} | {
            "home_spec": a_spec(),
            "clock": FakeClock(),
            "metrics_clock": FakeClock(),
            "hold": dg.ResourceDefinition(
                lambda context: held(self.hold(context.run.run_id), context.instance, context.run.run_id)
            ),
            "links": Links("http://ui"),
            "workspace": Workspace(self.folder / "work"),
            "io_manager": dg.IOManagerDefinition.hardcoded_io_manager(values),
        }
        return job.execute_in_process(
            run_config=config or {}, resources=resources, instance=self.instance, raise_on_error=False, tags=tags
        )

    def hold(self, run_id: str, log: Callable[[str], None] = print) -> Hold:
        """What a run holds of the world."""
        clock = FakeClock()
        locks = StackLock(self.object_store, self.terraform, clock, log)
        settlement = Settlement(
            self.ledger, self.functions, self.services, self.load_balancers, self.ecr, self.web, locks, clock, log
        )
        return Hold(self.ledger, lambda: settlement, clock, run_id, log, LeaseLimit())

    @property
    def ledger(self) -> Ledger:
        """The record of deployments."""
        return Ledger.of(self.object_store, a_spec())

    def goes_live(self, deployed: Deployed, run_id: str = "earlier-run") -> Deployed:
        """Have something be what is live, as if a run of that name had deployed it."""
        made = replace(deployed, release=deployment_id(deployed.candidate.commit.sha, run_id))
        self.ledger.write_deployed(made)
        live = Live(made.release, made.candidate.commit.sha)
        self.ledger.change_head(lambda seen: promoted(seen.head, live))
        return made

    def deploy(self) -> dg.ExecuteInProcessResult:
        return self.run(deploy_job, {"ops": {"resolve_candidate": {"config": {"commit": SHA}}}})

    def changed(self) -> dict[str, Any]:
        """Everything that a deployment changes in production."""
        return {"services": self.services.updates, "functions": self.functions.moved, "latest": self.ecr.moved}


def failed_steps(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    """Step -> the message of its failure."""
    found = {}
    for event in result.get_step_failure_events():
        data = event.step_failure_data.user_failure_data
        found[event.step_key or ""] = (data.description if data else None) or ""
    return found
