"""Plans for the tests of cost: real ones, shortened, and small ones made of values."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from deploy_pipeline.checks.cost import price_sheet
from deploy_pipeline.core.cost.estimate import estimate
from deploy_pipeline.core.cost.monthly import ResourceCost
from deploy_pipeline.core.cost.planned import read_resources

DATA = Path(__file__).parents[2] / "data" / "cost"
SHEET = price_sheet()
Values = Mapping[str, Any]


def real_plan(name: str) -> bytes:
    """What `terraform show -json` gave, without what the estimate does not read."""
    return (DATA / name).read_bytes()


def a_change(kind: str, after: Any, before: Any = None, address: str = "", **change: Any) -> dict[str, Any]:
    """One entry of `resource_changes`."""
    actions = ["create"] if before is None else ["delete"] if after is None else ["update"]
    return {
        "address": address or f"{kind}.this",
        "mode": "managed",
        "type": kind,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}} | change,
    }


def a_plan(*changes: Any, configuration: Any = None, **plan: Any) -> bytes:
    """A plan of these changes."""
    whole = {"format_version": "1.2", "planned_values": {}, "resource_changes": changes, "configuration": configuration}
    return json.dumps(whole | plan).encode()


def costs(plan: bytes) -> tuple[ResourceCost, ...]:
    """The estimate of a plan by the real price sheet."""
    return estimate("main", read_resources(plan), SHEET)


def monthly(kind: str, values: Values) -> Decimal | str:
    """What a new resource costs a month, or why it has no price."""
    (cost,) = costs(a_plan(a_change(kind, values)))
    return cost.note if cost.after is None else cost.after
