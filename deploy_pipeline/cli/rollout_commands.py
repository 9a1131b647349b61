"""`deploy-pipeline analyse` judges hours that have passed; `decide` and `promote --now` end a bake."""

import json
import os
from datetime import UTC, datetime

import click
from rich.table import Table

from deploy_pipeline.cli.approval_commands import BY, REASON
from deploy_pipeline.cli.demo_report import console
from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, NotMeasured, Window, whole_minute
from deploy_pipeline.core.analysis.shown import COLUMNS, rows
from deploy_pipeline.core.analysis.verdict import Verdict, judge
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.word import NAMES, in_words
from deploy_pipeline.core.spec import FunctionSpec
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline.ops.decide import say_word
from deploy_pipeline.rollout.evidence import FunctionEvidence, Versions

TWO = 2
EXIT_CODES = {"healthy": 0, "unhealthy": 1, "inconclusive": 3, "error": 4}


class Moment(click.ParamType[datetime]):
    """A time such as `2026-11-23T12:00`, UTC where it does not say another zone."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it; seconds are cut off."""
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-23T12:00", param, ctx)
        aware = given if given.tzinfo else given.replace(tzinfo=UTC)
        return whole_minute(aware.astimezone(UTC))


@click.command()
@click.option("--function", required=True, help="Name of the function in deploy.yaml.")
@click.option("--from", "begin", type=Moment(), required=True, help="First minute, such as 2026-11-23T12:00 (UTC).")
@click.option("--to", "end", type=Moment(), required=True, help="The minute after the last one.")
@click.option("--candidate", default="", help="Version to judge; else the newer one of the two that had traffic.")
@click.option("--stable", default="", help="Version to compare with; else the older one.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def analyse(function: str, begin: datetime, end: datetime, candidate: str, stable: str, as_json: bool) -> None:
    """Judge hours that have passed as a rollout would: to set its limits before they are trusted.

    Reads CloudWatch and changes nothing. Exit codes: 0 healthy, 1 unhealthy, 3 inconclusive, 4 could not be measured.
    """
    if end < begin + MINUTE:
        raise click.UsageError("--to has to be at least a minute after --from")
    gateways = gateways_of(os.environ)
    spec, metrics = gateways.home_spec(), gateways.metrics()
    if function not in spec.functions:
        known = ", ".join(spec.functions) or "none"
        raise DeployError(f"no function {function!r} (there are: {known})", where=str(gateways.settings.spec_file))
    versions = versions_of(metrics, spec.functions[function], candidate, stable)
    measured = read(metrics, function, versions, Window(begin, end))
    verdict = judge(measured, spec.rollout.analysis.policy())
    if as_json:
        click.echo(json.dumps(plain(function, versions, measured, verdict), indent=2))
    else:
        show(function, versions, measured, verdict)
    raise click.exceptions.Exit(EXIT_CODES[verdict.outcome])


def versions_of(metrics: Metrics, function: FunctionSpec, candidate: str, stable: str) -> Versions:
    """The two versions. Raises DeployError where nobody named them, and CloudWatch does not know just two."""
    if candidate and stable:
        return Versions(function.function_name, function.alias, stable, candidate)
    found = sorted(metrics.versions(function.function_name, f"{function.function_name}:{function.alias}"), key=int)
    if len(found) != TWO:
        raise DeployError(
            f"CloudWatch knows {len(found)} versions with traffic of their own ({', '.join(found) or 'none'})",
            where=f"{function.function_name}:{function.alias}", todo="name two with --candidate and --stable",
        )  # fmt: skip
    return Versions(function.function_name, function.alias, stable or found[0], candidate or found[1])


def read(metrics: Metrics, name: str, versions: Versions, window: Window) -> Measured:
    """What CloudWatch has of both. Raises DeployError where that cannot be true."""
    try:
        return FunctionEvidence(metrics, {name: versions}).read(window)[name]
    except NotMeasured as error:
        raise DeployError(str(error), where=f"{versions.function_name}:{versions.alias}") from error


def plain(name: str, versions: Versions, measured: Measured, verdict: Verdict) -> dict[str, object]:
    """For scripts: rates are 0 to 1, times ISO 8601, p99 in milliseconds."""
    sides = {"candidate": measured.candidate, "stable": measured.stable}
    return {
        "function": name,
        "from": measured.window.start.isoformat(),
        "to": measured.window.end.isoformat(),
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        **{
            side: {
                "version": getattr(versions, side), "requests": series.count.requests, "errors": series.count.errors,
                "error rate": series.count.rate, "p99": list(series.p99s),
            }
            for side, series in sides.items()
        },
    }  # fmt: skip


def show(name: str, versions: Versions, measured: Measured, verdict: Verdict) -> None:
    """For people."""
    table = Table(title=f"{versions.function_name}:{versions.alias}", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for row, version in zip(rows(name, measured, 0, verdict), (versions.candidate, versions.stable), strict=True):
        target, side, _, *rest = row.cells
        table.add_row(target, f"{side} {version}", "-", *rest)
    found = console()
    found.print(table, markup=False)
    found.print(f"{verdict.outcome}: {verdict.reason}", markup=False, highlight=False)


AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print what was decided as JSON.")


@click.command()
@click.argument("run_id")
@click.argument("decision", type=click.Choice(list(NAMES)))
@REASON
@BY
@AS_JSON
def decide(run_id: str, decision: str, reason: str, by: str, as_json: bool) -> None:
    """Answer a rollout that bakes or waits for a person: promote what is new at once, or roll it back."""
    say(run_id, decision, reason, by, as_json)


@click.command()
@click.option("--now", is_flag=True, required=True, help="End the bake at once.")
@click.option("--run", "run_id", default="", help="Run that deploys; without it, the one that does now.")
@REASON
@BY
@AS_JSON
def promote(now: bool, run_id: str, reason: str, by: str, as_json: bool) -> None:
    """End the bake that goes on: what is new gets all of the traffic now, whatever the metrics say.

    What begins to bake later in the same run is not meant. A release that a person has promoted is never rolled back by
    itself. Exit code 1 where nothing bakes.
    """
    say(run_id, "promote", reason, by, as_json)


def say(run_id: str, decision: str, reason: str, by: str, as_json: bool) -> None:
    """Write the word into the ledger, and show what it ends."""
    gateways = gateways_of(os.environ)
    ledger = Ledger.of(gateways.object_store(), gateways.home_spec())
    deployment, word = say_word(ledger, gateways.clock(), run_id, NAMES[decision], by, reason)
    if as_json:
        found = {"deployment": deployment.id, "run_id": deployment.run_id, "decision": decision}
        click.echo(json.dumps(found | {"by": word.by, "reason": word.reason, "bakes": word.bakes}))
    else:
        click.echo(f"{deployment.id}, {' and '.join(word.bakes)}: {in_words(word)}")
