"""Every outside system of a validation as a fake, with one pull request to validate, and the job over them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg

from deploy_pipeline.checks.bench import Bench, CheckSettings
from deploy_pipeline.core.checks.catalogue import CHECKS
from deploy_pipeline.core.checks.comment import MARKER
from deploy_pipeline.core.checks.subject import ChangedFile, PullRequest
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.plan_access import NoPlanAccess, PlanAccess
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.ops.values import JsonValues
from deploy_pipeline.sensors.unanswered import unanswered_sensor
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine
from deploy_pipeline_tests.fakes.fake_git import FakeGit
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation, finished
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_process import FakeProcess
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import SPEC, a_commit, a_spec

HEAD, BASE, MERGE_BASE = "1" * 40, "2" * 40, "3" * 40
PULL = PullRequest(
    number=7,
    title="Add a model",
    author="ada",
    url="https://github.test/acme/engagement-ml/pull/7",
    head=HEAD,
    head_branch="add-model",
    base=MERGE_BASE,  # what GitHub says lags behind the branch
    base_branch="main",
)
ON = ("spec", "black", "flake8", "mypy", "terraform_plan", "image_build", "cost")
SECRETS = {name: f"s3cret-{name}" for name in ("safety_key", "infracost_key", "codecov_token")}
REFORMAT = finished(
    "--- app.py\t2026-01-01\n+++ app.py\t2026-01-01\n@@ -1 +1 @@\n-x=1\n+x = 1\n",
    returncode=1,
    stderr="would reformat /checkout/app.py\n1 file would be reformatted.\n",
)


def a_deploy_yaml(on: tuple[str, ...] = ON, requirements: tuple[str, ...] = (), **checks: dict[str, Any]) -> str:
    """A spec in which only these checks are switched on; `checks` are further settings of single ones."""
    policies = {name: {"enabled": name in on, **checks.get(name, {})} for name in CHECKS}
    return json.dumps(SPEC | {"validation": {"checks": policies, "requirements": list(requirements)}})


class ValidationWorld:
    """One pull request that changes `app.py`. Tests change what they are about before `validate`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trees = {sha: folder / name for sha, name in ((HEAD, "head"), (BASE, "base"), (MERGE_BASE, "before"))}
        self.write("deploy.yaml", a_deploy_yaml())
        self.write("app.py", "x = 1\n")
        self.github = FakeGitHub([a_commit(sha=BASE)], pull_requests=[PULL])
        self.changes: tuple[ChangedFile, ...] = (ChangedFile("app.py", "modified", ((1, 1),)),)
        self.isolation = FakeIsolation()
        self.objects = FakeObjectStore()
        self.object_store: ObjectStore = self.objects
        self.docker_engine = FakeDockerEngine()
        self.process = FakeProcess()
        self.plan_access: PlanAccess = NoPlanAccess()
        self.workspace = Workspace(folder / "work")
        self.instance = dg.DagsterInstance.ephemeral()

    def write(self, name: str, text: str, *shas: str) -> None:
        """Put a file into the trees of these commits, by default of all."""
        for sha in shas or self.trees:
            file = self.trees[sha] / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def bench(self) -> Bench:
        """What the checks work with."""
        return Bench(
            settings=CheckSettings(programs={"terraform": "/usr/bin/terraform"}, **SECRETS),
            isolation=self.isolation,
            prepared=Prepared(),
            workspace=self.workspace,
            docker_engine=self.docker_engine,
            object_store=self.object_store,
            plan_access=self.plan_access,
            process=self.process,
            web=FakeWeb(),
            clock=FakeClock(),
            on_line=print,
        )

    def resources(self) -> dict[str, Any]:
        """What the ops ask for."""
        parents = {HEAD: (MERGE_BASE,), BASE: (MERGE_BASE,)}
        git = FakeGit(self.trees, parents, {(MERGE_BASE, HEAD): self.changes})
        return {
            "home_spec": a_spec(), "github": self.github, "git": git, "workspace": self.workspace,
            "links": Links("http://ui"), "bench": self.bench(),
            "io_manager": dg.IOManagerDefinition.hardcoded_io_manager(JsonValues(self.folder / "values")),
        }  # fmt: skip

    def validate(self, **config: Any) -> dg.ExecuteInProcessResult:
        """Run the job on the pull request."""
        return pr_validation_job.execute_in_process(
            run_config={"ops": {"resolve_pull_request": {"config": {"pull_request": 7, **config}}}},
            resources=self.resources(),
            instance=self.instance,
            raise_on_error=False,
        )

    def end_unanswered(self) -> None:
        """One evaluation of the sensor that ends what would stay pending."""
        named = {"home_spec": a_spec(), "github": self.github, "clock": SystemClock(), "links": Links("http://ui")}
        unanswered_sensor(dg.build_sensor_context(instance=self.instance, resources=named))

    def begun(self) -> set[str]:
        """The checks whose statuses were pending before any other."""
        states = [(each.context, each.state) for each in self.github.statuses]
        first = next((at for at, (_, state) in enumerate(states) if state != "pending"), len(states))
        return {short(name) for name, _ in states[:first]}

    def statuses(self) -> dict[str, tuple[str, str]]:
        """State and description of each status now."""
        return {short(each.context): (each.state, each.description) for each in self.github.statuses}

    def states(self) -> dict[str, str]:
        """The state of each status now."""
        return {name: state for name, (state, _) in self.statuses().items()}

    @property
    def comment(self) -> str:
        """The comment on the pull request; empty when there is none."""
        return self.github.comments.get((7, MARKER), "")

    def programs(self) -> list[str]:
        """The programs that were run in boxes."""
        return sorted(call.program for call in self.isolation.calls)

    def move_head(self, sha: str) -> None:
        """Somebody pushes."""
        self.github.pulls[7] = replace(self.github.pulls[7], pull_request=replace(PULL, head=sha))


def short(context: str) -> str:
    """A status's name without whose it is."""
    assert context.startswith("deploy-pipeline/"), context
    return context.removeprefix("deploy-pipeline/")
