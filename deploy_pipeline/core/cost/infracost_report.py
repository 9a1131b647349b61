"""Infracost's command line and its JSON report (version 0.2 of the format). Running it is `checks.cost`."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from deploy_pipeline.core.cost.monthly import MonthlyCost, ResourceCost, cents

LARGEST_REPORT = 32 * 2**20
MOST_DOLLARS = Decimal(10**12)
ZERO = Decimal(0)


class UnreadableReport(Exception):
    """Infracost gave something else than a report in US dollars, and what."""


def argv(program: str, plan: str) -> tuple[str, ...]:
    """Price a plan's JSON file, both sides of it, as JSON on standard output."""
    return (program, "breakdown", "--path", plan, "--format", "json", "--no-color")


def environment(minimal: Mapping[str, str], key: str, home: str) -> dict[str, str]:
    """The whole environment of Infracost: its key, a home of its own, and nothing sent to its dashboard."""
    return {
        **minimal,
        "HOME": home,
        "INFRACOST_API_KEY": key,
        "INFRACOST_CURRENCY": "USD",
        "INFRACOST_ENABLE_CLOUD": "false",
        "INFRACOST_SKIP_UPDATE_CHECK": "true",
    }


def read_report(stack: str, text: str) -> MonthlyCost:
    """Read the report of one stack's plan. Raises UnreadableReport."""
    if len(text) > LARGEST_REPORT:
        raise UnreadableReport("its report is too large")
    try:
        root = json.loads(text, parse_float=Decimal)
        if root["currency"] != "USD":
            raise UnreadableReport("its report is not in US dollars")
        return _read(stack, root)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise UnreadableReport(f"its report has an unexpected form ({type(error).__name__})") from error


def _read(stack: str, root: Mapping[str, Any]) -> MonthlyCost:
    projects = root["projects"]
    if not projects:
        raise UnreadableReport("its report names no project")
    resources = tuple(resource for project in projects for resource in _resources(stack, project))
    unsupported = ((root.get("summary") or {}).get("unsupportedResourceCounts") or {}).values()
    return MonthlyCost(
        source="Infracost",
        before=cents(_total(root, "pastTotalMonthlyCost", "pastBreakdown")),
        after=cents(_total(root, "totalMonthlyCost", "breakdown")),
        resources=resources,
        on_use=sum(resource.on_use for resource in resources),
        unpriced=sum(int(count) for count in unsupported),
    )


def _total(root: Mapping[str, Any], name: str, side: str) -> Decimal:
    """A total of the report; earlier versions of Infracost give the past one for each project only."""
    if root.get(name) is not None:
        return _amount(root[name])
    return sum((_amount(project[side]["totalMonthlyCost"]) for project in root["projects"]), ZERO)


def _amount(value: Any) -> Decimal:
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS:
        raise ValueError("not an amount")
    return amount


def _resources(stack: str, project: Mapping[str, Any]) -> Iterator[ResourceCost]:
    past = {item["name"]: item for item in (project.get("pastBreakdown") or {}).get("resources") or []}
    now = {item["name"]: item for item in project["breakdown"]["resources"]}
    for name in sorted({*past, *now}):
        before, after = _monthly(past.get(name)), _monthly(now.get(name))
        on_use = name in now and now[name].get("monthlyCost") is None
        note = "depends on use" if on_use else ""
        yield ResourceCost(stack, str(name), before, after, past.get(name) != now.get(name), on_use, note)


def _monthly(resource: Mapping[str, Any] | None) -> Decimal:
    """A resource that costs by its use has no monthly cost."""
    if resource is None or resource.get("monthlyCost") is None:
        return ZERO
    return _amount(resource["monthlyCost"])


def together(costs: tuple[MonthlyCost, ...]) -> MonthlyCost:
    """The cost of several stacks."""
    return MonthlyCost(
        source="Infracost",
        before=sum((cost.before for cost in costs), ZERO),
        after=sum((cost.after for cost in costs), ZERO),
        resources=tuple(resource for cost in costs for resource in cost.resources),
        on_use=sum(cost.on_use for cost in costs),
        unpriced=sum(cost.unpriced for cost in costs),
    )
