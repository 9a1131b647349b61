"""Everything that checks work with: the boxes, what is installed, and the few outside systems that some need."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import BoxSetup, Limits, Prepared
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_engine import DockerEngine
from deploy_pipeline.gateways.isolation import Isolation
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.plan_access import PlanAccess
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.gateways.workspace import Workspace

Listener = Callable[[str], None]


@dataclass(frozen=True)
class CheckSettings:
    """What the environment says about checks. `programs` are those of this machine, by name, where they are installed
    (`terraform`, `trivy`, `tfsec`, `infracost`). `advisory_url` is the OSV service that pip-audit asks, None for PyPI.
    """

    programs: Mapping[str, str]
    advisory_url: str | None = None
    provider_mirror: str | None = None
    safety_key: str | None = field(default=None, repr=False)
    infracost_key: str | None = field(default=None, repr=False)
    codecov_token: str | None = field(default=None, repr=False)
    codecov_url: str = "https://codecov.io"


@dataclass(frozen=True)
class Bench:
    """What a check may use. `on_line` takes the output of tools, line by line."""

    settings: CheckSettings
    isolation: Isolation
    prepared: Prepared
    workspace: Workspace
    docker_engine: DockerEngine
    object_store: ObjectStore
    plan_access: PlanAccess
    process: Process
    web: Web
    clock: Clock
    on_line: Listener

    def box(self, name: str, subject: Subject) -> BoxSetup:
        """The box in which the check `name` looks at the head's tree: no network, no programs of this machine."""
        return BoxSetup(name=name, checkout=subject.head_tree, tools=self.prepared.tools, limits=limits(subject.spec))


def limits(spec: Spec) -> Limits:
    """What the spec lets one check use."""
    given = spec.validation.limits
    return Limits(given.memory_mb, given.cpus, given.processes, given.scratch_mb)
