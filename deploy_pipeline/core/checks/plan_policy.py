"""What a pull request's plan of a stack amounts to: counts, a table with the dangerous changes first, and a verdict."""

import json
from dataclasses import replace
from typing import Any

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, Table, not_audited
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.plan_report import masked_plan, report_name
from deploy_pipeline.core.checks.terraform_diagnostics import Streamed, headline, streamed_errors
from deploy_pipeline.core.checks.terraform_stack import OUT_OF_REACH, tree
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_infrastructure_checks import TerraformPlanCheck
from deploy_pipeline.core.terraform_plan import DESTRUCTIVE, PlanReading, ResourceChange, read_plan

RULE = "protected-resource"
ORDER = ("destroy", "replace", "forget", "change", "add", "read", "none")
MOST_ROWS = 100
MOST_ATTRIBUTES = 8
LONGEST_ADDRESS = 200
COLUMNS = ("Change", "Resource", "Because")

MOST_NAMED = 3


def digest_fact(stack: str) -> str:
    """The name of the fact that holds the digest of a stack's plan."""
    return f"plan_digest_{stack}"


def failed_plan(outcome: Outcome, places: Places, stack: str, folder: str) -> Assessment | None:
    """What a `terraform plan` that finished means; None when there is a plan."""
    if outcome.returncode == 0:
        return None
    errors = streamed_errors(outcome.stdout, tree(places), folder, rule="terraform-plan")
    if not errors:
        # Nothing that it printed is shown: it had credentials.
        return Assessment("broken", f"{stack}: terraform plan ended with {outcome.returncode} and named no error")
    if unreached := next((error for error in errors if _is_out_of_reach(error)), None):
        return not_audited(f"{stack}: {unreached.finding.message}")
    findings = tuple(dict.fromkeys(error.finding for error in errors))
    return Assessment("failed", headline(findings, f"{stack}: terraform plan"), findings)


def _is_out_of_reach(error: Streamed) -> bool:
    """An error with a place may be the configuration's own (a failed precondition), which writes its detail."""
    said = error.finding.message if error.finding.path else f"{error.finding.message} {error.detail}"
    return bool(OUT_OF_REACH.search(said))


def assess_plan(
    spec: TerraformPlanCheck, stack: str, folder: str, shown: Outcome, announced: frozenset[str]
) -> Assessment:
    """`shown` is `terraform show -json` of the plan, finished; `announced` what the making of it said would be lost."""
    if shown.truncated:
        return Assessment("broken", f"{stack}: the plan is larger than what is kept of a program's output")
    if shown.returncode != 0:
        return crashed("terraform show", replace(shown, stdout=""))
    try:
        plan: dict[str, Any] = json.loads(shown.stdout)
        reading, kept = read_plan(plan), masked_plan(plan)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, DeployError) as error:
        return Assessment("broken", f"{stack}: the plan cannot be read: {plain(str(error), 200)}")
    if missing := announced - {each.address for each in reading.changes if each.kind in DESTRUCTIVE}:
        # A program that the configuration starts can write another plan file.
        what = f"the plan that was kept is not the one that was made: it does not lose {plain(min(missing), 200)}"
        return Assessment("failed", f"{stack}: {what}")
    return _verdict(spec, stack, folder, reading, Report(report_name(stack), json.dumps(kept).encode()))


def _verdict(spec: TerraformPlanCheck, stack: str, folder: str, reading: PlanReading, report: Report) -> Assessment:
    counts = f"{stack}: {reading.add} to add, {reading.change} to change, "
    counts += f"{reading.replace} to replace, {reading.destroy} to destroy"
    findings = tuple(_finding(each, folder) for each in reading.changes if _is_forbidden(each, spec))
    tables = (_table(stack, reading),) if reading.changes else ()
    facts: dict[str, str | int | float] = {digest_fact(stack): reading.digest}
    facts |= {f"plan_{kind}_{stack}": getattr(reading, kind) for kind in ("add", "change", "replace", "destroy")}
    if not findings:
        return Assessment("passed", counts, (), tables, facts, (report,))
    more = ", …" if len(findings) > MOST_NAMED else ""
    lost = ", ".join(finding.subject for finding in findings[:MOST_NAMED]) + more
    return Assessment("failed", f"{counts}: {lost} must not be lost", findings, tables, facts, (report,))


def _is_forbidden(change: ResourceChange, spec: TerraformPlanCheck) -> bool:
    lost = change.kind in DESTRUCTIVE and change.type in spec.protected_types
    return lost and change.address not in spec.allow_destroy


def _finding(change: ResourceChange, folder: str) -> Finding:
    address = plain(change.address, LONGEST_ADDRESS)
    verb = "destroys" if change.kind == "destroy" else "replaces"
    todo = "where that is meant, add the address to `validation.checks.terraform_plan.allow_destroy` on the base branch"
    return Finding(RULE, f"the plan {verb} {address}, which has data in it: {todo}", path=folder, subject=address)


def _table(stack: str, reading: PlanReading) -> Table:
    ordered = sorted(reading.changes, key=lambda each: (ORDER.index(each.kind), each.address))
    rows: list[tuple[str, ...]] = [
        (each.kind, plain(each.address, LONGEST_ADDRESS), _because(each)) for each in ordered[:MOST_ROWS]
    ]
    if len(ordered) > MOST_ROWS:
        rows.append(("…", f"and {len(ordered) - MOST_ROWS} more", ""))
    return Table(f"Plan of {stack}", COLUMNS, tuple(rows))


def _because(change: ResourceChange) -> str:
    """Names of attributes and Terraform's own reason, never a value."""
    names = ", ".join(change.attributes[:MOST_ATTRIBUTES]) + (", …" if len(change.attributes) > MOST_ATTRIBUTES else "")
    return plain("; ".join(part for part in (change.reason.replace("_", " "), names) if part))
