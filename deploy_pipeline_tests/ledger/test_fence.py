"""Gateways behind a check: what changes something is refused, what reads is not."""

import inspect

import pytest

from deploy_pipeline.core.errors import DeployError, Throttled
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.ledger.fence import CHANGES, PAUSES, fenced
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions

READS = {
    "Ecr": {"repository_uri", "login", "digest", "has"},
    "Functions": {"is_current", "alias", "invoke"},
    "LoadBalancers": {"targets", "forwards", "address"},
    "Services": {"state", "latest_task_definition", "tasks", "stopped_tasks"},
    "Terraform": {"given_variables", "identity", "init", "plan", "state"},
}


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_every_method_either_reads_or_is_checked(kind: type) -> None:
    methods = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    assert methods == CHANGES[kind] | (READS[kind.__name__] & methods)


def test_a_change_is_refused_and_a_look_is_not() -> None:
    def stale() -> None:
        raise DeployError("stale")

    functions = FakeFunctions({}, {("f", "live"): AliasState("1", "r", {})})
    guarded = fenced(functions, stale, FakeClock())
    assert guarded.alias("f", "live").version == "1"
    with pytest.raises(DeployError, match="stale"):
        guarded.move_alias("f", "live", version="2", revision_id="r")
    assert functions.moved == []
    assert (
        fenced(functions, lambda: None, FakeClock()).move_alias("f", "live", version="2", revision_id="r").version
        == "2"
    )


class Busy(FakeFunctions):
    """Refuses the first changes, as one too many."""

    def __init__(self, refusals: int) -> None:
        super().__init__({}, {("f", "live"): AliasState("1", "r", {})})
        self.refusals, self.asked = refusals, 0

    def move_alias(self, function_name: str, alias: str, *, version: str, revision_id: str) -> AliasState:
        self.asked += 1
        if self.asked <= self.refusals:
            raise Throttled("Rate exceeded")
        return super().move_alias(function_name, alias, version=version, revision_id=revision_id)


def test_a_throttled_change_is_made_a_moment_later() -> None:
    functions, clock = Busy(len(PAUSES)), FakeClock()
    assert fenced(functions, lambda: None, clock).move_alias("f", "live", version="2", revision_id="r").version == "2"
    assert clock.monotonic() == sum(PAUSES)


def test_one_that_stays_throttled_is_raised() -> None:
    functions = Busy(100)
    with pytest.raises(Throttled):
        fenced(functions, lambda: None, FakeClock()).move_alias("f", "live", version="2", revision_id="r")
    assert functions.asked == len(PAUSES) + 1


def test_it_is_checked_again_before_it_is_made_again() -> None:
    functions, checks = Busy(1), []

    def check() -> None:
        checks.append("asked")
        if len(checks) > 1:
            raise DeployError("stale")

    with pytest.raises(DeployError, match="stale"):
        fenced(functions, check, FakeClock()).move_alias("f", "live", version="2", revision_id="r")
    assert (functions.asked, functions.moved) == (1, [])
