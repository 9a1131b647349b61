"""What the traffic generator is told: the file that the sandbox writes, and a person or a test may change."""

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from deploy_pipeline.core.spec import Spec

CLOCK_FACTOR = 60.0
"""A minute of CloudWatch takes a second in a sandbox."""
COUNTS = "traffic-counts.json"
"""Beside the plan: the requests to services, and those of them that failed."""


class FaultPlan(BaseModel):
    """What is added to one version's answers: a part of them fails (0 to 1), all of them take longer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    errors: float = Field(0.0, ge=0, le=1)
    milliseconds: float = Field(0.0, ge=0)


class FunctionPlan(BaseModel):
    """The requests to one function; `faults` are by version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    function_name: str
    alias: str
    per_minute: int = Field(600, ge=0)
    event: dict[str, Any] = {}
    faults: dict[str, FaultPlan] = {}


class ServicePlan(BaseModel):
    """The requests to one listener of a load balancer; real ones, by the machine's own seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    load_balancer: str
    port: int
    path: str
    per_second: int = Field(5, ge=1)

    @property
    def name(self) -> str:
        """The listener."""
        return f"{self.load_balancer}:{self.port}"


class TrafficPlan(BaseModel):
    """`clock_factor` and `clock_begin` are those of the sandbox."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock_factor: float = Field(gt=0)
    clock_begin: datetime
    seed: int = 1
    functions: tuple[FunctionPlan, ...] = ()
    services: tuple[ServicePlan, ...] = ()


def plan_of(spec: Spec, begin: datetime) -> TrafficPlan:
    """Requests to every function judged by its traffic (its first smoke test's event), and to every load balancer."""
    events = {test.function: dict(test.payload) for test in reversed(spec.smoke_tests) if test.kind == "function"}
    functions = (
        FunctionPlan(function_name=each.function_name, alias=each.alias, event=events.get(name, {}))
        for name, each in spec.functions.items()
        if each.canary
    )
    services = (
        ServicePlan(load_balancer=balancer.name, port=balancer.production_port, path=service.health_path)
        for service in spec.services.values()
        if (balancer := service.load_balancer)
    )
    return TrafficPlan(
        clock_factor=CLOCK_FACTOR, clock_begin=begin, functions=tuple(functions), services=tuple(services)
    )


def read_plan(file: Path) -> TrafficPlan:
    """The plan as it is now."""
    return TrafficPlan.model_validate_json(file.read_bytes())
