"""`deploy-pipeline demo`: a pull request is merged, the sensor sees it, and the deployment runs on this machine."""

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console

from deploy_pipeline.cli.dagster_api import DagsterApi
from deploy_pipeline.cli.dagster_processes import (
    DEFAULT_PORT,
    DEMO_GRACE_SECONDS,
    DagsterProcesses,
    free_port,
    start_dagster,
)
from deploy_pipeline.cli.demo_folder import REPORT, claim, forget_earlier_demo, forget_own_accounts, harmless
from deploy_pipeline.cli.demo_report import (
    Expected,
    Report,
    console,
    mail_messages,
    show_report,
    slack_messages,
    write_report,
)
from deploy_pipeline.cli.demo_scenarios import FIRST, SCENARIOS, Scenario
from deploy_pipeline.cli.follow import SUCCESS, RunStory, follow
from deploy_pipeline.cli.instance_folder import require_project, sole_use
from deploy_pipeline.cli.pull_request import Developer
from deploy_pipeline.cli.time_commands import account_in
from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.gateways.clock import Clock, SystemClock
from deploy_pipeline.gateways.interruptions import uninterrupted
from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.state import SandboxState, write_state
from deploy_pipeline.sandbox.traffic.plan import COUNTS, read_plan

READY_SECONDS = 90.0
SEEN_SECONDS = 60.0
RUN_SECONDS = 900.0
TOLD_SECONDS = 60.0
DEMO_LOCK = "demo.lock"

T = TypeVar("T")


class Progress:
    """Prints lines with the time since the start."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()

    def __call__(self, line: str) -> None:
        self._console.print(f"[dim]{self.seconds:6.1f} s[/dim]  ", end="")
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start


@click.command()
@click.option("--home", type=click.Path(path_type=Path), default=Path(".sandbox"), show_default=True,
              help="Folder of the sandbox and of the demo's Dagster instance.")  # fmt: skip
@click.option("--keep", is_flag=True, help="Leave the Dagster UI and the sandbox up until Ctrl-C.")
@click.option("--port", type=int, default=DEFAULT_PORT, show_default=True, help="Preferred port of the UI.")
@click.option("--scenario", type=click.Choice([*SCENARIOS]), default="healthy", show_default=True,
              help="What the second pull request changes.")  # fmt: skip
def demo(home: Path, keep: bool, port: int, scenario: str) -> None:
    """Deploy the application in this folder for real, on this machine.

    Starts the sandbox and Dagster, merges two pull requests, and follows the deployments that the merge sensor starts:
    the first release, and a change whose service moves to its other colour and whose functions get a canary. Ends with
    what serves and `demo: PASS`, which in the other scenarios means that the change was returned; demo.json in the home
    folder holds the same for scripts.
    """
    progress, project, folder = Progress(console()), Path.cwd(), home.resolve()
    require_project(project)
    claim(folder)
    with sole_use(folder, DEMO_LOCK):
        forget_earlier_demo(folder)
        passed = run_demo(project, folder, port, keep, scenario, progress)
    conclude(passed, folder)


def conclude(passed: bool, home: Path) -> None:
    """The last words, and the exit code."""
    click.echo(f"Report: {home / REPORT}")
    click.echo(f"demo: {'PASS' if passed else 'FAIL'}")
    if not passed:
        raise click.exceptions.Exit(1)


def run_demo(project: Path, home: Path, port: int, keep: bool, scenario: str, progress: Progress) -> bool:
    """Bring everything up, deploy, and take everything down again; whether all was as it should be."""
    forget_own_accounts(os.environ)
    state = sandbox.up(home, project, progress)
    base, dagster = harmless(os.environ), None
    os.environ.update(state.env)  # from here on this process asks the sandbox
    try:
        dagster = start_dagster(project, home / "dagster", free_port(port), state.env, base=base)
        passed = merge_and_follow(project, home, state, dagster, scenario, progress)
        if keep:
            wait_for_interrupt(dagster)
    finally:
        with uninterrupted():
            take_down(home, dagster, progress)
    return passed


def take_down(home: Path, dagster: DagsterProcesses | None, progress: Progress) -> None:
    """Stop Dagster, then the sandbox that its last steps may still need."""
    try:
        if dagster:
            progress("stopping Dagster")
            dagster.stop(DEMO_GRACE_SECONDS, progress)
    finally:
        sandbox.down(home, progress=progress)


def merge_and_follow(
    project: Path, home: Path, state: SandboxState, dagster: DagsterProcesses, scenario: str, progress: Progress
) -> bool:
    """A first release and a change of it, both by merged pull requests; whether all of it ends as it should."""
    api, chosen = DagsterApi(dagster.url), SCENARIOS[scenario]
    progress(f"Dagster UI: {dagster.url}")
    wait_for(lambda: watching(api, dagster), READY_SECONDS, "the merge sensor did not begin to watch")
    first = merged_pull_request(project, home, state, FIRST, progress)
    story, last = followed(api, dagster, first, progress), first
    if story.status == SUCCESS:
        change_traffic(Layout(home).traffic_plan, chosen)
        last = merged_pull_request(project, home, state, chosen, progress)
        story = followed(api, dagster, last, progress)
    # A sensor tells of a run that failed, a moment after its end.
    expected = Expected(scenario, last, first if chosen.verdict else last, chosen.verdict)
    wait_for(lambda: told_of(state.env, expected), TOLD_SECONDS, f"nobody was told of {last[:12]}")
    report = Report.gather(state.env, expected, story, dagster.url, progress.seconds)
    report.account(account_in(home / "dagster", story.run_id))
    counts = Layout(home).traffic_plan.with_name(COUNTS)
    report.sent(json.loads(counts.read_text()) if counts.is_file() else {})
    write_report(report, home / REPORT)
    show_report(report, console())
    return report.passed


def told_of(env: Mapping[str, str], expected: Expected) -> bool | None:
    """True once Slack and mail have their messages about the last deployment."""
    slack = any(expected.headline in text for text in slack_messages(env))
    return (slack and any(expected.commit[:12] in text for text in mail_messages(env))) or None


def followed(api: DagsterApi, dagster: DagsterProcesses, sha: str, progress: Progress) -> RunStory:
    """The deployment of a commit that the merge sensor starts, to its end."""
    run_id = wait_for(lambda: run_of(api, sha), SEEN_SECONDS, f"the merge sensor did not start a run for {sha[:12]}")
    progress(f"merge_sensor started {dagster.url}/runs/{run_id}")
    return follow(api, run_id, progress, RUN_SECONDS, ended=dagster.mend)


def change_traffic(file: Path, scenario: Scenario) -> None:
    """Have the sandbox send other requests from the next minute on."""
    write_state(file, scenario.traffic(read_plan(file)))


def watching(api: DagsterApi, dagster: DagsterProcesses) -> bool | None:
    """True once the merge sensor has looked at the branch for the first time."""
    if trouble := dagster.mend():
        raise DeployError(trouble)
    tick = api.last_tick("merge_sensor")
    if tick and tick.get("error"):
        raise DeployError(tick["error"]["message"], where="merge_sensor")
    return True if tick and tick.get("cursor") else None


def run_of(api: DagsterApi, sha: str) -> str | None:
    """The run that deploys a commit."""
    runs = api.runs_with_tag(run_tags.COMMIT, sha)
    return runs[0]["runId"] if runs else None


def wait_for(ask: Callable[[], T | None], seconds: float, complaint: str, clock: Clock | None = None) -> T:
    """The answer, or a `DeployError` with the complaint. A question that gets no answer is asked again."""
    answer = wait_until(clock or SystemClock(), lambda: patiently(ask), seconds=seconds, every=0.5)
    if answer is None:
        raise DeployError(f"{complaint} within {seconds:.0f} s", todo="look at the logs in the sandbox's folder")
    return answer


def patiently(ask: Callable[[], T | None]) -> T | None:
    """The answer; None where the trouble passes by itself."""
    try:
        return ask()
    except DeployError as error:
        if not error.retryable:
            raise
        return None


def merged_pull_request(project: Path, home: Path, state: SandboxState, scenario: Scenario, progress: Progress) -> str:
    """Open and merge the scenario's pull request; the SHA of the merge."""
    spec = load_spec((project / "deploy.yaml").read_bytes(), "deploy.yaml")
    repository = repository_path(Layout(home).doubles, spec.repository.name)
    developer = Developer(state.env["GITHUB_API_URL"], state.env["GITHUB_TOKEN"], spec.repository.name, repository)
    note = f"Released by the demo at {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n".encode()
    changes = scenario.changes(project, spec, note)
    number = developer.propose(f"demo-{time.time_ns()}", spec.repository.branch, changes, scenario.title)
    progress(f"opened pull request #{number}: {scenario.title}")
    sha = developer.merge(number)
    progress(f"merged it: {sha[:12]}")
    return sha


def wait_for_interrupt(dagster: DagsterProcesses) -> None:
    """Keep everything up until Ctrl-C."""
    click.echo(f"The UI stays up at {dagster.url}. Ctrl-C stops everything.")
    try:
        while not (trouble := dagster.mend()):
            time.sleep(1)
        raise DeployError(trouble)
    except KeyboardInterrupt:
        click.echo("")
