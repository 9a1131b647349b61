"""One op for each check of a pull request. A check that fails is a result here: the last op fails the run for it.

All checks are reported even when one fails, and Dagster runs nothing below an op that failed.
"""

from dataclasses import replace

import dagster as dg

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.cost_of_plan import cost_of
from deploy_pipeline.checks.registry import CHECK_FUNCTIONS
from deploy_pipeline.checks.runner import Check, Checked, run_check
from deploy_pipeline.core.checks.assessment import CheckResult, Report, Table
from deploy_pipeline.core.checks.catalogue import LONGEST_FIRST, enabled
from deploy_pipeline.core.checks.plan_report import plan_reports
from deploy_pipeline.core.checks.reported import Reported
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.retries import NEVER
from deploy_pipeline.ops.tell import NOT_TOLD, attempt
from deploy_pipeline.ops.tell_checks import tell_result

MOST_ROWS = 200
BUSY = "deploy-pipeline/busy"
"""The tag of ops that keep a processor busy; the executor runs only so many of them at a time."""
TOLD = "github"
"""The metadata that says what GitHub heard of a check."""


def op_of(name: str) -> str:
    """The name of the op, and of its step, for a check."""
    return estimate_cost.name if name == "cost" else f"check_{name}"


def priority(name: str) -> int:
    """Which of the steps that could start does: the one with the highest number."""
    return len(LONGEST_FIRST) - LONGEST_FIRST.index(name) if name in LONGEST_FIRST else 0


def check_op(name: str, check: Check, kind: str) -> dg.OpDefinition:
    """The op of the check `name`: run it, tell GitHub, keep its reports."""

    tags = {"dagster/kind": kind, "dagster/priority": str(priority(name)), BUSY: "check"}

    @dg.op(name=op_of(name), retry_policy=NEVER, tags=tags, description=check.__doc__)
    @stage
    def checked(
        context: dg.OpExecutionContext,
        subject: Subject,
        prepared: Prepared,
        bench: dg.ResourceParam[Bench],
        github: dg.ResourceParam[GitHub],
        links: dg.ResourceParam[Links],
    ) -> Reported:
        done = run_check(name, check, subject, replace(bench, prepared=prepared, on_line=show))
        return concluded(context, subject, done, bench.object_store, github, links)

    return checked


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "terraform"})
@stage
def estimate_cost(
    context: dg.OpExecutionContext,
    subject: Subject,
    prepared: Prepared,
    plan: Reported,
    bench: dg.ResourceParam[Bench],
    github: dg.ResourceParam[GitHub],
    links: dg.ResourceParam[Links],
) -> Reported:
    """What the plans would cost a month, and how much more than now."""
    check = cost_of(plan.result, lambda: kept_plans(bench.object_store, subject, plan))
    done = run_check("cost", check, subject, replace(bench, prepared=prepared, on_line=show))
    return concluded(context, subject, done, bench.object_store, github, links)


def concluded(
    context: dg.OpExecutionContext,
    subject: Subject,
    done: Checked,
    object_store: ObjectStore,
    github: GitHub,
    links: Links,
) -> Reported:
    """Keep the reports, tell GitHub, show it all in the run."""
    kept = {report.name: attempt(keep, object_store, subject, done.result.check, report) for report in done.reports}
    lost = tuple(name for name, key in kept.items() if key.startswith(NOT_TOLD))
    result = replace(done.result, reports=tuple(key for name, key in kept.items() if name not in lost))
    wanted = result.check in enabled(subject.spec)
    told = tell_result(github, subject, result, links.run(context.run_id)) if wanted else "switched off"
    (context.log.error if result.state in ("failed", "broken") else context.log.info)(
        f"{result.check}: {result.state}: {result.summary}"
    )
    context.add_output_metadata(metadata(result) | {TOLD: told, "reports": kept})
    return Reported(result, told=not told.startswith(NOT_TOLD), lost=lost)


def keep(object_store: ObjectStore, subject: Subject, check: str, report: Report) -> str:
    """Write a report to the artefact bucket; its key."""
    key = f"validation/{subject.head}/{check}/{report.name}"
    kind = "application/json" if report.name.endswith(".json") else "text/plain; charset=utf-8"
    object_store.put(subject.spec.aws.artifact_bucket, key, report.content, content_type=kind)
    return key


def kept_plans(object_store: ObjectStore, subject: Subject, plan: Reported) -> dict[str, bytes]:
    """The plans that were kept. Raises DeployError when one of them is missing: the cost of the rest is no cost."""
    found = {key: object_store.get(subject.spec.aws.artifact_bucket, key) for key in plan.result.reports}
    missing = [*plan.lost, *(key for key, body in found.items() if body is None)]
    if missing:
        raise DeployError(f"{', '.join(missing)} could not be kept", where="plans", todo="see the step of the plan")
    return plan_reports(Report(key.rpartition("/")[2], body) for key, body in found.items() if body is not None)


def metadata(result: CheckResult) -> dict[str, dg.MetadataValue | str | int | float]:
    """A check as people see it in the run: its state, its numbers, its findings and tables."""
    found = Table(
        "findings",
        ("blocks", "rule", "where", "message"),
        tuple(
            ("yes" if item.blocks else "known" if item.known else "no", item.rule, where(item.path, item.line),
             item.message)
            for item in result.findings
        ),
    )  # fmt: skip
    tables = {table.title: table_value(table) for table in (found, *result.tables) if table.rows}
    return {"state": result.state, "summary": result.summary, "seconds": result.seconds, **result.facts, **tables}


def where(path: str, line: int) -> str:
    """A place as editors and compilers write it."""
    return f"{path}:{line}" if line else path


def table_value(table: Table) -> dg.MetadataValue:
    """A table for the UI."""
    records = [dg.TableRecord(dict(zip(table.columns, row, strict=True))) for row in table.rows[:MOST_ROWS]]
    return dg.MetadataValue.table(records)


CHECK_OPS = {name: check_op(name, check, kind) for name, (check, kind) in CHECK_FUNCTIONS.items()}
