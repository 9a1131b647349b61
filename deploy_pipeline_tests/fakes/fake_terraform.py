"""A Terraform whose plans and states the test gives. Like the real one, it applies only what it planned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import TerraformSpec
from deploy_pipeline.gateways.terraform import AppliedState, Plan, Terraform


@dataclass(frozen=True)
class PlanCall:
    """What a plan was asked for."""

    spec: TerraformSpec
    source: Path
    work: Path
    variables: dict[str, Any]
    alone: bool = False


class FakeTerraform(Terraform):
    """`plans` and `states` map a stack's directory to what its plan and its apply give, or to the error they raise.
    A plan may be a function of the variables that it is asked for with.

    `output` is what both print. `replaced` holds the work folders whose plan file somebody changed after the plan.
    """

    def __init__(
        self,
        *,
        plans: Mapping[str, Plan | DeployError | Callable[[Mapping[str, Any]], Plan]],
        states: Mapping[str, AppliedState | DeployError] | None = None,
        output: tuple[str, ...] = ("Terraform will perform the following actions:",),
        replaced: frozenset[Path] = frozenset(),
    ) -> None:
        self._plans = dict(plans)
        self._states = dict(states or {})
        self._output = output
        self._replaced = replaced
        self._saved: dict[Path, tuple[str, str]] = {}
        self._prepared: dict[Path, tuple[TerraformSpec, Path]] = {}
        self.initialised: list[Path] = []
        self.unsaved: set[Path] = set()
        self.given: dict[str, str] = {}
        self.planned: list[PlanCall] = []
        self.applied: list[tuple[Path, str]] = []

    def identity(self) -> str:
        return "terraform 1"

    def given_variables(self) -> dict[str, str]:
        return self.given

    def init(
        self, spec: TerraformSpec, *, source: Path, work: Path, on_line: Callable[[str], None], key: str = ""
    ) -> None:
        work.mkdir(parents=True, exist_ok=True)
        self._prepared[work] = (spec, source)
        self.initialised.append(work)
        self._print(on_line)

    def plan(
        self, work: Path, *, variables: Mapping[str, Any], on_line: Callable[[str], None], alone: bool = False
    ) -> Plan:
        if work not in self._prepared:
            raise DeployError("nothing was prepared here", where=str(work), todo="prepare the stack first")
        spec, source = self._prepared[work]
        self.planned.append(PlanCall(spec, source, work, dict(variables), alone))
        self._print(on_line)
        plan = self._plans[spec.directory]
        if isinstance(plan, DeployError):
            raise plan
        plan = plan if isinstance(plan, Plan) else plan(variables)
        self._saved[work] = (spec.directory, plan.plan_sha256)
        return plan

    def apply(self, work: Path, plan_sha256: str, on_line: Callable[[str], None]) -> AppliedState:
        if work not in self._saved:
            raise DeployError("there is no saved plan", where=str(work), todo="plan the stack first")
        directory, saved = self._saved[work]
        if work in self._replaced or saved != plan_sha256:
            what = "the plan file is not the one that was checked"
            raise DeployError(what, where=str(work), todo="find out what changed it, then run the deployment again")
        self.applied.append((work, plan_sha256))
        self._print(on_line)
        state = self._states[directory]
        if isinstance(state, DeployError):
            raise state
        return state

    def save_state(self, work: Path, on_line: Callable[[str], None]) -> bool:
        found = work in self.unsaved
        self.unsaved.discard(work)
        return found

    def state(self, work: Path) -> AppliedState:
        state = self._states[self._saved[work][0]]
        if isinstance(state, DeployError):
            raise state
        return state

    def _print(self, on_line: Callable[[str], None]) -> None:
        for line in self._output:
            on_line(line)
