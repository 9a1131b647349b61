"""What a commit would deploy: the values that travel from op to op, small and without secrets."""

from dataclasses import dataclass, replace

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.frozen_dict import FrozenDict
from deploy_pipeline.core.spec import (
    FunctionSmokeTest,
    FunctionSpec,
    ImageSpec,
    ServiceSmokeTest,
    ServiceSpec,
    Spec,
)
from deploy_pipeline.core.terraform_plan import ResourceChange


@dataclass(frozen=True)
class Candidate:
    """A commit together with the spec that it carries. With `force` every stage does its work, needed or not.

    `hotfix` is the reason for which it goes out while an alarm fires, "" for any other: it is judged against the stable
    version alone.
    """

    commit: Commit
    spec: Spec
    force: bool = False
    hotfix: str = ""

    def only(self, *, image: str = "", function: str = "", service: str = "") -> "Candidate":
        """The same with this one target: all that a branch of a fan-out needs, however many branches there are."""
        named = {"images": image, "functions": function, "services": service}
        tables = {
            table: FrozenDict({each: target for each, target in getattr(self.spec, table).items() if each == name})
            for table, name in named.items()
        }
        tests = tuple(
            test
            for test in self.spec.smoke_tests
            if (isinstance(test, FunctionSmokeTest) and test.function == function)
            or (isinstance(test, ServiceSmokeTest) and test.service == service)
        )
        return replace(self, spec=self.spec.model_copy(update={**tables, "smoke_tests": tests}))


@dataclass(frozen=True)
class Work:
    """What a stage did once: the key of all its inputs, for which commit, in which run, and how long it took.

    A later deployment with the same key takes the result over, and this with it.
    """

    key: str
    commit: str
    run_id: str
    seconds: float


@dataclass(frozen=True)
class ImageTask:
    """One image to build: a branch of the fan-out."""

    candidate: Candidate
    name: str

    @property
    def image(self) -> ImageSpec:
        """The image's part of the spec."""
        return self.candidate.spec.images[self.name]


@dataclass(frozen=True)
class FunctionTask:
    """One function to package: a branch of the fan-out."""

    candidate: Candidate
    name: str

    @property
    def function(self) -> FunctionSpec:
        """The function's part of the spec."""
        return self.candidate.spec.functions[self.name]


@dataclass(frozen=True)
class PushedImage:
    """An image in the registry. `uri` is `registry/repository`, `digest` the manifest's `sha256:...`.

    `image_id` is the engine's `sha256:...` of the configuration. `built`, `scanned` and `pushed` are the work of its
    stages; None where a stage had no key.
    """

    name: str
    repository: str
    uri: str
    digest: str
    tag: str
    image_id: str = ""
    built: Work | None = None
    scanned: Work | None = None
    pushed: Work | None = None

    @property
    def pinned(self) -> str:
        """The only way in which anything refers to this image: by digest."""
        return f"{self.uri}@{self.digest}"


@dataclass(frozen=True)
class BuiltImage:
    """An image that is not yet scanned: in the local engine, or `taken` from the live release instead of built.

    `image_id` is the engine's `sha256:...` of the configuration.
    """

    task: ImageTask
    reference: str
    image_id: str
    work: Work | None = None
    taken: PushedImage | None = None


@dataclass(frozen=True)
class ScannedImage:
    """A built image that passed the scan. `sarif_key` is where its report lies in the artefact bucket."""

    built: BuiltImage
    sarif_key: str
    findings: dict[str, int]
    work: Work | None = None


@dataclass(frozen=True)
class PackagedFunction:
    """A function's zip in the artefact bucket. `code_sha256` is base64, as Lambda's `CodeSha256`."""

    name: str
    bucket: str
    key: str
    code_sha256: str
    size_bytes: int
    work: Work | None = None


@dataclass(frozen=True)
class PreparedStack:
    """A stack of which `work` is the folder on this machine, and `done` what `terraform init` did, now or earlier.

    `fresh` says that the folder is prepared; a stack that looks unchanged is prepared only if it must be planned.
    `source_key` is "" where there is none, and `doubt` says why.
    """

    name: str
    work: str
    fresh: bool
    source_key: str
    doubt: str
    done: Work | None


@dataclass(frozen=True)
class AppliedStack:
    """A stack after `terraform apply`. `outputs` holds the values that are not sensitive."""

    name: str
    serial: int
    lineage: str
    resources: int
    outputs: dict[str, str]
    plan_digest: str
    initialised: Work | None = None
    planned: Work | None = None
    applied: Work | None = None


@dataclass(frozen=True)
class PlannedStack:
    """A saved Terraform plan. `work` is its folder on this machine; `plan_sha256` is of the plan file itself.

    `initialised` and `planned` are what the stages did. `taken` is the stack as it is live, where there is no plan
    because nothing has changed. A plan that is not `applyable` would change nothing, not even an output.
    `changes` are what it does, without values. `serial` is of the state that it was made on, where that was known.
    """

    name: str
    work: str
    plan_sha256: str
    plan_digest: str
    add: int
    change: int
    replace: int
    destroy: int
    initialised: Work | None = None
    planned: Work | None = None
    taken: AppliedStack | None = None
    applyable: bool = True
    changes: tuple[ResourceChange, ...] = ()
    serial: int | None = None


@dataclass(frozen=True)
class FunctionDeployment:
    """One function to move to its new version: a branch of the fan-out after Terraform."""

    candidate: Candidate
    package: PackagedFunction

    @property
    def function(self) -> FunctionSpec:
        """The function's part of the spec."""
        return self.candidate.spec.functions[self.package.name]


@dataclass(frozen=True)
class DeployedFunction:
    """A function whose alias points at `version`; `previous_version` is what it pointed at before."""

    name: str
    function_name: str
    alias: str
    version: str
    previous_version: str
    code_sha256: str
    work: Work | None = None


@dataclass(frozen=True)
class ServiceDeployment:
    """One service to move to its new task definition: a branch of the fan-out after Terraform."""

    candidate: Candidate
    name: str
    image: PushedImage

    @property
    def service(self) -> ServiceSpec:
        """The service's part of the spec."""
        return self.candidate.spec.services[self.name]


@dataclass(frozen=True)
class DeployedService:
    """A service whose tasks all run `task_definition` and answer their health path.

    `service` is its name in ECS: of two colours, the one that has the traffic.
    """

    name: str
    service: str
    cluster: str
    task_definition: str
    previous_task_definition: str
    image: str
    running: int
    work: Work | None = None


@dataclass(frozen=True)
class Deployed:
    """Everything that a deployment put in place. `release` is the name of what it became, "" before it is promoted."""

    candidate: Candidate
    images: tuple[PushedImage, ...]
    stacks: tuple[AppliedStack, ...]
    functions: tuple[DeployedFunction, ...]
    services: tuple[DeployedService, ...]
    packages: tuple[PackagedFunction, ...] = ()
    release: str = ""


@dataclass(frozen=True)
class SmokeResult:
    """How one smoke test ended, with both sides in `detail`."""

    name: str
    passed: bool
    detail: str
    seconds: float
