"""The cost check over the plans that the plan check made; where there is none, it shares the plan's fate."""

from collections.abc import Callable, Mapping

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.cost import check_cost
from deploy_pipeline.checks.runner import Check
from deploy_pipeline.core.checks.assessment import Assessment, CheckResult, State
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.verdict import short_name

ENDINGS: dict[State, str] = {"failed": "failed", "broken": "could not run", "not_audited": "was not audited"}


def cost_of(plan: CheckResult, read: Callable[[], Mapping[str, bytes]]) -> Check:
    """The cost check over the plans that `plan` made and `read` gives (stack -> masked JSON); it may raise."""

    def check(subject: Subject, bench: Bench) -> Assessment:
        plans = read()
        if plan.state in ("waiting", "skipped") and not plans:
            return Assessment(plan.state, plan.summary)
        return check_cost(subject, bench, plans, why_none=_why_none(plan))

    return check


def _why_none(plan: CheckResult) -> str:
    """Not the plan check's whole summary: it stands beside this one."""
    ending = ENDINGS.get(plan.state, "made none")
    return f"there is no plan: the {short_name(plan.check)} check {ending}"
