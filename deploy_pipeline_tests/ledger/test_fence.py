"""Gateways behind a check: what changes something is refused, what reads is not."""

import inspect

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.ledger.fence import CHANGES, fenced
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions

READS = {
    "Ecr": {"repository_uri", "login", "digest", "has"},
    "Functions": {"is_current", "alias", "invoke"},
    "LoadBalancers": {"targets", "forwards", "address"},
    "Services": {"state", "latest_task_definition", "tasks", "stopped_tasks"},
    "Terraform": {"identity", "init", "plan", "state"},
}


@pytest.mark.parametrize("kind", CHANGES, ids=lambda kind: kind.__name__)
def test_every_method_either_reads_or_is_checked(kind: type) -> None:
    methods = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    assert methods == CHANGES[kind] | (READS[kind.__name__] & methods)


def test_a_change_is_refused_and_a_look_is_not() -> None:
    def stale() -> None:
        raise DeployError("stale")

    functions = FakeFunctions({}, {("f", "live"): AliasState("1", "r", {})})
    guarded = fenced(functions, stale)
    assert guarded.alias("f", "live").version == "1"
    with pytest.raises(DeployError, match="stale"):
        guarded.move_alias("f", "live", version="2", revision_id="r")
    assert functions.moved == []
    assert fenced(functions, lambda: None).move_alias("f", "live", version="2", revision_id="r").version == "2"
