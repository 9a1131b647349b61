"""From monthly cost to a check's result: the limits, the tables and the one-line summary."""

from decimal import Decimal

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, Table, not_audited
from deploy_pipeline.core.cost.monthly import MonthlyCost, ResourceCost, dollars, signed
from deploy_pipeline.core.spec_infrastructure_checks import CostCheck

MOST_ROWS = 50
MOST_NOTICES = 20
HUNDRED = Decimal(100)
UNKNOWN = "?"


def assess(cost: MonthlyCost, spec: CostCheck, reports: tuple[Report, ...] = ()) -> Assessment:
    """Failed where the increase is above a limit; not audited where no resource has a price at all."""
    if cost.unpriced and all(resource.after is None for resource in cost.resources):
        what = f"none of the {cost.unpriced} resources can be priced ({cost.source})"
        return Assessment("not_audited", what, _notices(cost), _tables(cost), reports=reports)
    exceeded = _exceeded(cost, spec)
    return Assessment(
        state="failed" if exceeded else "passed",
        summary=_summary(cost, exceeded),
        findings=(*(_finding(cost, limit) for limit in exceeded), *_notices(cost)),
        tables=_tables(cost),
        facts={
            "monthly_before": float(cost.before),
            "monthly_after": float(cost.after),
            "monthly_difference": float(cost.difference),
            "source": cost.source,
        },
        reports=reports,
    )


def unreadable(stack: str, reason: str) -> Assessment:
    """The result where a stack's plan cannot be read."""
    return not_audited(f"the plan of {stack} cannot be priced: {reason}")


def _exceeded(cost: MonthlyCost, spec: CostCheck) -> tuple[str, ...]:
    """The limits that the increase is above. Without a cost before there is no percentage, only an amount."""
    limits = []
    most = spec.maximum_increase_usd
    if most is not None and cost.difference > Decimal(str(most)):
        limits.append(f"{dollars(Decimal(str(most)))} (maximum_increase_usd)")
    percent = spec.maximum_increase_percent
    if percent is not None and cost.before > 0:
        increase = cost.difference * HUNDRED / cost.before
        if increase > Decimal(str(percent)):
            limits.append(f"{percent:g} % (maximum_increase_percent)")
    return tuple(limits)


def _finding(cost: MonthlyCost, limit: str) -> Finding:
    percent = f", {cost.difference * HUNDRED / cost.before:.1f} %" if cost.before > 0 else ""
    rise = f"from {dollars(cost.before)} to {dollars(cost.after)} a month ({signed(cost.difference)}{percent})"
    return Finding("cost-increase", f"the cost rises {rise}: more than the limit of {limit}")


def _notices(cost: MonthlyCost) -> tuple[Finding, ...]:
    """What changes and has no price: somebody has to look at it, but it does not fail the check."""
    unpriced = [resource for resource in cost.resources if resource.changed and resource.after is None]
    return tuple(
        Finding("not-priced", resource.note, "notice", subject=resource.address, blocks=False)
        for resource in unpriced[:MOST_NOTICES]
    )


def _summary(cost: MonthlyCost, exceeded: tuple[str, ...]) -> str:
    """The numbers first: GitHub cuts the end off."""
    amount = f"{dollars(cost.after)} a month ({signed(cost.difference)})"
    above = f", above the limit of {' and '.join(exceeded)}," if exceeded else ""
    rest = [text for text in (_on_use(cost.on_use), _unpriced(cost.unpriced)) if text]
    counted = f"; {', '.join(rest)}" if rest else ""
    return "; ".join((f"{amount}{above} by {cost.source}{counted}", *cost.remarks))


def _on_use(count: int) -> str:
    return f"{count} {'resource depends' if count == 1 else 'resources depend'} on use" if count else ""


def _unpriced(count: int) -> str:
    return f"{count} {'is' if count == 1 else 'are'} not priced" if count else ""


def _tables(cost: MonthlyCost) -> tuple[Table, ...]:
    title = "; ".join((f"Monthly cost by {cost.source}", *cost.remarks))
    totals = (dollars(cost.before), dollars(cost.after), signed(cost.difference))
    total = Table(title, ("Before", "After", "Difference"), (totals,))
    shown = sorted((resource for resource in cost.resources if _is_shown(resource)), key=_order)
    rows = tuple(_row(resource) for resource in shown[:MOST_ROWS])
    if len(shown) > MOST_ROWS:
        rows = (*rows, ("", f"and {len(shown) - MOST_ROWS} more", "", "", "", ""))
    columns = ("Stack", "Resource", "Before", "After", "Difference", "Note")
    return (total, Table(f"Resources by {cost.source}", columns, rows)) if rows else (total,)


def _is_shown(resource: ResourceCost) -> bool:
    """What is free is left out."""
    return bool(resource.after is None or resource.after or resource.before or resource.on_use)


def _order(resource: ResourceCost) -> tuple[bool, Decimal, Decimal, str, str]:
    """What changes first, the largest first."""
    largest = -abs(resource.difference), -(resource.after or Decimal(0))
    return not resource.changed, *largest, resource.stack, resource.address


def _row(resource: ResourceCost) -> tuple[str, ...]:
    place, note = (resource.stack, resource.address[:200]), resource.note[:200]
    if resource.before is None or resource.after is None:
        return *place, UNKNOWN, UNKNOWN, UNKNOWN, note
    return *place, dollars(resource.before), dollars(resource.after), signed(resource.difference), note
