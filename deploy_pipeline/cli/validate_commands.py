"""`deploy-pipeline validate`: what a pull request with this folder's content would be told."""

import json
import os
import sys
from pathlib import Path

import click
from pydantic import TypeAdapter

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.runner import Checked
from deploy_pipeline.cli.validation import Wanted, local_subject, validate_subject
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.core.checks.assessment import CheckResult
from deploy_pipeline.core.checks.catalogue import CHECKS, enabled
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.verdict import Verdict
from deploy_pipeline.core.checks.verdict import verdict as verdict_of
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.gateways.working_tree import WorkingTree
from deploy_pipeline.workbench import bench_of

FAILED = 1
SPEC_FILE = "deploy.yaml"
VERDICTS = {"passed": "green", "failed": "red", "incomplete": "yellow"}
FINDINGS_SHOWN = 10
LOOKS = {
    "passed": ("✓", "green"),
    "failed": ("✗", "red"),
    "broken": ("!", "red"),
    "not_audited": ("?", "yellow"),
    "waiting": ("…", "yellow"),
    "skipped": ("-", None),
}
WORDS = {"not_audited": "not audited: ", "skipped": "skipped: ", "broken": "could not run: "}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=".")
@click.option("--check", "checks", multiple=True, type=click.Choice(CHECKS), help="Only this check; may be repeated.")
@click.option("--base", help="What to compare with: a commit or branch. [default: origin/main, else main]")
@click.option("--changed", is_flag=True, help="Only the checks that the changes against the base make necessary.")
@click.option("--aws", is_flag=True, help="Make Terraform plans too, with this shell's AWS credentials.")
@click.option(
    "--isolation", type=click.Choice(["container", "process"]), help="Where code runs. [default: as deploy.yaml says]"
)
@click.option("--verbose", is_flag=True, help="Show the output of the tools.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def validate(
    folder: Path,
    checks: tuple[str, ...],
    base: str | None,
    changed: bool,
    aws: bool,
    isolation: str | None,
    verbose: bool,
    as_json: bool,
) -> None:
    """Run the checks of a pull request on FOLDER, a git repository, without GitHub.

    Files that are not committed count as well. The first time, the tools are installed (about two minutes).

    Exit codes: 0 nothing fails, 1 a check that must pass has failed or could not run, 2 wrong usage.
    """
    tree = WorkingTree(folder, gateways_of(os.environ).process(), os.environ)
    spec = spec_of(tree.root)
    gateways = gateways_of({**os.environ, "DEPLOY_PIPELINE_SPEC": str(tree.root / SPEC_FILE)})
    say = (lambda text: None) if as_json else click.echo
    bench = bench_of(gateways, spec, isolation=isolation, account=aws, on_line=say if verbose else lambda line: None)
    if bench.isolation.gives_up():
        click.secho(bench.isolation.gives_up(), fg="yellow", err=True)
    wanted = Wanted(checks or enabled(spec), base, everything=not changed)
    results = run(gateways, tree, spec, bench, wanted, as_json)
    verdict = verdict_of(results)
    report(results, verdict, as_json)
    sys.exit(FAILED if verdict.state == "failed" else 0)


def spec_of(root: Path) -> Spec:
    """The repository's own spec."""
    file = root / SPEC_FILE
    if not file.is_file():
        raise DeployError("no deploy.yaml", where=str(root), todo="write one: see docs/spec.md")
    return load_spec(file.read_bytes(), str(file))


def run(
    gateways: Gateways, tree: WorkingTree, spec: Spec, bench: Bench, wanted: Wanted, as_json: bool
) -> tuple[CheckResult, ...]:
    """Run the checks, saying what happens as it happens."""
    with local_subject(tree, spec, gateways.git(), gateways.workspace(), wanted) as subject:
        if not as_json:
            against = f"compared with {subject.merge_base[:12]}" if subject.merge_base else "compared with nothing"
            click.echo(f"Validating {tree.root} at {subject.head[:12]}, {against}: {len(wanted.checks)} checks")
        done = validate_subject(subject, bench, wanted, (lambda checked: None) if as_json else show)
    return tuple(checked.result for checked in done)


def show(checked: Checked) -> None:
    """One check as it ends: a line, and what blocks."""
    result = checked.result
    mark, colour = LOOKS[result.state]
    said = plain(f"{WORDS.get(result.state, '')}{result.summary}")
    click.secho(f"{mark} {result.check:<19}{result.seconds:7.1f} s  {said}", fg=colour)
    blocking = [finding for finding in result.findings if finding.blocks]
    for finding in blocking[:FINDINGS_SHOWN]:
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path or finding.subject
        click.echo("    " + plain(f"{place}  {finding.rule}  {finding.message}"))
    if result.blocking > FINDINGS_SHOWN:
        click.echo(f"    … and {result.blocking - FINDINGS_SHOWN} more")


def report(results: tuple[CheckResult, ...], verdict: Verdict, as_json: bool) -> None:
    """The verdict, or everything as JSON."""
    if not as_json:
        click.secho(verdict.summary, fg=VERDICTS[verdict.state], bold=True)
        return
    found = TypeAdapter(tuple[CheckResult, ...]).dump_python(results, mode="json")
    click.echo(json.dumps({"verdict": verdict.state, "summary": verdict.summary, "checks": found}, indent=2))
