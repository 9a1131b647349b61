"""What a check of every stack amounts to: the worst of its stacks, with everything that each of them found."""

from collections.abc import Iterable

from deploy_pipeline.core.checks.assessment import Assessment, State, skipped

WORST_FIRST: tuple[State, ...] = ("failed", "broken", "not_audited", "waiting", "passed", "skipped")


def combined(results: Iterable[Assessment]) -> Assessment:
    """One assessment of all. Its summary tells the worst first; without any, there was nothing to look at."""
    ordered = sorted(results, key=lambda each: WORST_FIRST.index(each.state))
    if not ordered:
        return skipped("deploy.yaml names no Terraform stack")
    return Assessment(
        ordered[0].state,
        "; ".join(dict.fromkeys(each.summary for each in ordered)),
        tuple(finding for each in ordered for finding in each.findings),
        tuple(table for each in ordered for table in each.tables),
        {name: fact for each in ordered for name, fact in each.facts.items()},
        tuple(report for each in ordered for report in each.reports),
    )
