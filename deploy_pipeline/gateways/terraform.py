"""Terraform: a saved plan of a stack, and the application of exactly that plan. It does not judge plans."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy_pipeline.core.ownership import TrafficResource
from deploy_pipeline.core.spec import TerraformSpec
from deploy_pipeline.core.terraform_plan import ResourceChange

Listener = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """A saved plan. `plan_sha256` is of the plan file, `digest` of what it would do (equal for equal changes).

    `applyable` is false where Terraform finds nothing to apply, not even an output. `traffic` are the resources that
    may hold traffic.
    """

    plan_sha256: str
    digest: str
    add: int
    change: int
    replace: int
    destroy: int
    changes: tuple[ResourceChange, ...] = ()
    applyable: bool = True
    traffic: tuple[TrafficResource, ...] = ()


@dataclass(frozen=True)
class AppliedState:
    """The state after an apply. `resources` counts managed instances; `outputs` has no sensitive value."""

    serial: int
    lineage: str
    resources: int
    outputs: dict[str, str]


class Terraform(ABC):
    """Prepares, plans and applies a stack."""

    @abstractmethod
    def identity(self) -> str:
        """SHA-256 of what decides a plan apart from the stack: Terraform's version, and its part of our environment."""

    @abstractmethod
    def given_variables(self) -> Mapping[str, str]:
        """The values of variables that come from our own environment, by their names there (`TF_VAR_...`)."""

    @abstractmethod
    def init(self, spec: TerraformSpec, *, source: Path, work: Path, on_line: Listener, key: str = "") -> None:
        """Lay the stack out in the new or earlier folder `work`, open its backend and fetch its providers.

        What that makes is kept under `key`, and taken from there the next time; nothing is without a key.
        `source` is the stack's folder in a checkout (`checkout / spec.directory`) or the checkout itself.
        Raises DeployError with Terraform's own diagnostics.
        """

    @abstractmethod
    def plan(self, work: Path, *, variables: Mapping[str, Any], on_line: Listener, alone: bool = False) -> Plan:
        """Plan the stack that `init` prepared in `work`; the plan file is `work / "plan.tfplan"`.

        `variables` are the stack's input variables; those of our own environment (`TF_VAR_...`) count, too, unless it
        is to be planned with these `alone`. Raises DeployError with Terraform's own diagnostics.
        """

    @abstractmethod
    def apply(self, work: Path, plan_sha256: str, on_line: Listener) -> AppliedState:
        """Apply the plan that `plan` saved in `work`; refuses when the file is not the one with that SHA-256.

        Never retried: after a DeployError from here, the stack may be partly changed.
        """

    @abstractmethod
    def save_state(self, work: Path, on_line: Listener) -> bool:
        """Push the state that an apply in `work` could not write to the backend. False where there is none.

        Raises DeployError where it cannot be pushed: the file stays.
        """

    @abstractmethod
    def state(self, work: Path) -> AppliedState:
        """The state of the stack in `work` as it is now. Nothing is changed."""


@dataclass(frozen=True)
class TerraformSettings:
    """`environment` is where AWS credentials come from, by an allow-list. Times in seconds.

    `endpoint_url` is an emulator's; `plugin_mirror` a folder of providers for a machine that reaches no registry;
    `plugin_cache` a folder that keeps downloaded providers between runs, `prepared` one that keeps what init makes.
    """

    environment: Mapping[str, str] = field(repr=False)
    program: str = "terraform"
    endpoint_url: str | None = None
    plugin_mirror: Path | None = None
    plugin_cache: Path | None = None
    prepared: Path | None = None
    lock_timeout: float = 60.0
    init_timeout: float = 900.0
    plan_timeout: float = 1800.0
    apply_timeout: float = 7200.0
    # After an interrupt Terraform ends the calls in flight and writes its state: killing it earlier loses resources.
    grace: float = 300.0
    attempts: int = 3
