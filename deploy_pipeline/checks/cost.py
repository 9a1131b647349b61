"""The check `cost`: what the plans would cost a month, by Infracost where it is configured, else by the price sheet."""

import os
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.assessment import Assessment, Report, not_audited
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.cost import infracost_report
from deploy_pipeline.core.cost.estimate import estimate, regions
from deploy_pipeline.core.cost.infracost_report import UnreadableReport
from deploy_pipeline.core.cost.monthly import MonthlyCost, total
from deploy_pipeline.core.cost.planned import PlannedResource, UnreadablePlan, read_resources
from deploy_pipeline.core.cost.price_sheet import PriceSheet, read_price_sheet
from deploy_pipeline.core.cost.report import assess, unreadable
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.process import minimal_environment

PRICE_SHEET = "aws-prices-us-east-1.json"
REASON_CHARACTERS = 120
PLAN = "plan.json"


def check_cost(
    subject: Subject, bench: Bench, plans: Mapping[str, bytes], why_none: str = "there is no plan to price"
) -> Assessment:
    """Price the plans, by stack the JSON of `terraform show -json`. Where there are none, `why_none` is the reason."""
    if not plans:
        return not_audited(why_none)
    resources: dict[str, tuple[PlannedResource, ...]] = {}
    for stack, plan in sorted(plans.items()):
        try:
            resources[stack] = read_resources(plan)
        except UnreadablePlan as error:
            return unreadable(stack, str(error))
    spec = subject.spec.validation.checks.cost
    program, key = bench.settings.programs.get("infracost"), bench.settings.infracost_key
    if not program or not key:
        return assess(_by_sheet(resources, subject), spec)
    try:
        cost, reports = _by_infracost(program, key, plans, subject, bench)
        return assess(cost, spec, reports)
    except (DeployError, UnreadableReport) as error:
        said = error.what if isinstance(error, DeployError) else str(error)
        return assess(_by_sheet(resources, subject, f"Infracost failed: {said[:REASON_CHARACTERS]}"), spec)


def price_sheet() -> PriceSheet:
    """The price sheet that comes with the pipeline."""
    return read_price_sheet((files("deploy_pipeline") / "data" / PRICE_SHEET).read_text(encoding="utf-8"))


def _by_sheet(resources: Mapping[str, tuple[PlannedResource, ...]], subject: Subject, *remarks: str) -> MonthlyCost:
    sheet = price_sheet()
    costs = tuple(cost for stack, planned in resources.items() for cost in estimate(stack, planned, sheet))
    named = {region for planned in resources.values() for region in regions(planned)} | {subject.spec.aws.region}
    others = ", ".join(sorted(named - {sheet.region, ""}))
    elsewhere = (f"prices of {sheet.region}, but there is {others[:REASON_CHARACTERS]}",) if others else ()
    return total(f"price sheet {sheet.dated.isoformat()}", costs, (*elsewhere, *remarks))


def _by_infracost(
    program: str, key: str, plans: Mapping[str, bytes], subject: Subject, bench: Bench
) -> tuple[MonthlyCost, tuple[Report, ...]]:
    """What Infracost says. It sees the plans and its key, and none of this machine's settings for it."""
    timeout = subject.spec.validation.checks.cost.timeout_minutes * 60 / len(plans)
    costs, reports = [], []
    for stack, plan in sorted(plans.items()):
        with TemporaryFolder(prefix="infracost-") as folder:
            (Path(folder) / PLAN).write_bytes(plan)
            env = infracost_report.environment(minimal_environment(os.environ), key, folder)
            done = bench.process.run(infracost_report.argv(program, PLAN), cwd=Path(folder), env=env, timeout=timeout)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
            raise DeployError(last.replace(key, "***"), where="infracost", todo="see its message")
        costs.append(infracost_report.read_report(stack, done.stdout))
        reports.append(Report(f"infracost-{stack}.json", done.stdout.encode()))
    return infracost_report.together(tuple(costs)), tuple(reports)
