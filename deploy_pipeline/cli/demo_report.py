"""What the demo deployed, as the systems themselves tell it: the ledger, the Docker engine, Lambda, Slack and mail."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import docker
import httpx
from rich.console import Console
from rich.table import Table

from deploy_pipeline.cli.follow import RunStory
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.run_time import Account
from deploy_pipeline.core.run_time_words import plain, summary
from deploy_pipeline.gateways.ledger import Ledger

SECONDS = 10.0
WIDE = 200  # columns of a log: a digest stays on its line


@dataclass(frozen=True)
class Expected:
    """How the demo has to end: which commit was deployed last, which one serves, and why that is another one, if so."""

    scenario: str
    commit: str
    live: str
    verdict: str = ""

    @property
    def headline(self) -> str:
        """What people are told of the last one."""
        return "Deployment failed" if self.verdict else "Deployment successful"


@dataclass
class Report:
    """Everything that `demo.json` holds. `problems` is empty when all is as it should be.

    `commit` is what was deployed last, `live` what serves: another one where `verdict` says why it was not promoted.

    `time` is the account of the run's time: `core.run_time_words.plain`, and `summary` in one sentence.
    """

    scenario: str
    verdict: str
    commit: str
    live: str
    run_id: str
    run_url: str
    status: str
    seconds: float
    images: dict[str, str] = field(default_factory=dict)
    functions: dict[str, dict[str, str]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    stage_seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    time: dict[str, Any] = field(default_factory=dict)
    traffic: dict[str, Any] = field(default_factory=dict)
    slack: list[str] = field(default_factory=list)
    mail: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the deployment ended as it should, and everything was found where it should be."""
        return self.status == ("FAILURE" if self.verdict else "SUCCESS") and not self.problems

    @classmethod
    def gather(cls, env: Mapping[str, str], expected: Expected, story: RunStory, ui: str, seconds: float) -> "Report":
        """Ask every system what there is now."""
        report = cls(
            expected.scenario, expected.verdict, expected.commit, expected.live, story.run_id,
            f"{ui}/runs/{story.run_id}", story.status, round(seconds, 1),
        )  # fmt: skip
        report.stage_seconds, report.failures = dict(story.durations), dict(story.failures)
        if expected.verdict not in "\n".join(["", *story.failures.values()]):
            report.problems.append(f"no step has failed with: {expected.verdict}")
        gateways = gateways_of(env)
        live = Ledger.of(gateways.object_store(), gateways.home_spec()).live()
        if live is None or live.candidate.commit.sha != expected.live:
            report.problems.append(f"the ledger does not say that {expected.live[:12]} is live")
        else:
            report._take(live)
            report._check_functions(live, gateways)
            report._check_containers(live)
        report._check_told(expected.headline, slack_messages(env), mail_messages(env))
        return report

    def account(self, account: Account) -> None:
        """Take in where the run's time went."""
        self.time = {"summary": summary(account), **plain(account)}

    def sent(self, counts: Mapping[str, Any]) -> None:
        """Take in what became of the requests of users (`sandbox.traffic.services`): none may have failed."""
        self.traffic = dict(counts)
        for name, count in counts.items():
            if not count["requests"] or count["failed"]:
                what = f"{count['failed']} of {count['requests']} requests to {name} failed"
                self.problems.append("; ".join([what, *count["failures"]]))

    def _take(self, live: Deployed) -> None:
        self.images = {image.name: image.pinned for image in live.images}
        self.stacks = {
            stack.name: {"serial": stack.serial, "lineage": stack.lineage, "resources": stack.resources}
            for stack in live.stacks
        }

    def _check_functions(self, live: Deployed, gateways: Gateways) -> None:
        for function in live.functions:
            alias = gateways.functions().alias(function.function_name, function.alias)
            self.functions[function.function_name] = {"alias": function.alias, "version": alias.version}
            if (alias.version, alias.routing) != (function.version, {}):
                found = f"version {alias.version}, with {alias.routing or 'nothing'} beside it"
                self.problems.append(f"{function.function_name} is at {found}, not at {function.version} alone")

    def _check_containers(self, live: Deployed) -> None:
        for service in live.services:
            running = containers_of(service.image)
            self.services[service.service] = {"task_definition": service.task_definition, "containers": running}
            if len(running) < service.running:
                self.problems.append(f"{len(running)} containers run {service.image}, not {service.running}")

    def _check_told(self, headline: str, slack: list[str], mail: list[str]) -> None:
        self.slack = [text for text in slack if headline in text]
        self.mail = [text for text in mail if self.commit[:12] in text]
        for channel, messages in (("Slack", self.slack), ("mail", self.mail)):
            if not messages:
                self.problems.append(f"no message about {self.commit[:12]} in {channel}")


def containers_of(image: str) -> list[str]:
    """The names of the containers that run exactly this image, by digest, as the Docker engine tells."""
    engine = docker.from_env(timeout=int(SECONDS))
    try:
        return [str(each.name) for each in engine.containers.list() if each.attrs["Config"]["Image"] == image]
    finally:
        engine.close()


def slack_messages(env: Mapping[str, str]) -> list[str]:
    """The texts that the Slack sink has."""
    messages = _json(env["SLACK_API_URL"].removesuffix("api/") + "messages")
    return [str(message.get("text", "")) for message in messages]


def mail_messages(env: Mapping[str, str]) -> list[str]:
    """The mails that SES has sent, as text."""
    accounts = _json(env["AWS_ENDPOINT_URL"] + "/_ministack/ses/messages")["messages"]
    return [f"{message['Subject']}\n{message['BodyText']}" for messages in accounts.values() for message in messages]


def _json(url: str) -> Any:
    answer = httpx.get(url, timeout=SECONDS)
    answer.raise_for_status()
    return answer.json()


def console() -> Console:
    """Standard output: as wide as the terminal, and wide where it is none."""
    terminal = Console()
    return terminal if terminal.is_terminal else Console(width=WIDE)


def write_report(report: Report, file: Path) -> None:
    """Keep the report for scripts."""
    file.write_text(json.dumps(asdict(report) | {"passed": report.passed}, indent=2) + "\n")


def show_report(report: Report, console: Console) -> None:
    """The report as a table for people, and what is wrong, if anything is."""
    said = f"{report.live[:12]} serves after {report.seconds:.0f} s"
    table = Table(
        title=f"{said}; {report.commit[:12]} was not promoted" if report.verdict else said, title_justify="left"
    )
    for column in ("kind", "name", "what is live"):
        table.add_column(column, overflow="fold")
    for name, image in report.images.items():
        table.add_row("image", name, image)
    for name, function in report.functions.items():
        table.add_row("function", name, f"{function['alias']} → version {function['version']}")
    for name, service in report.services.items():
        revision, tasks = service["task_definition"].rsplit("/", 1)[-1], len(service["containers"])
        table.add_row("service", name, f"{revision}, {tasks} containers run and answer")
    for name, stack in report.stacks.items():
        table.add_row("terraform", name, f"serial {stack['serial']}, {stack['resources']} resources")
    for name, count in report.traffic.items():
        table.add_row("traffic", name, f"{count['requests']} requests of users, {count['failed']} failed")
    console.print(table)
    console.print(f"Run: {report.run_url}\nSlack: {len(report.slack)} message(s), mail: {len(report.mail)} message(s)")
    if report.time:
        path = " → ".join(report.time["critical path"])
        console.print(f"Time: {report.time['summary']}\nCritical path: {path}", markup=False, highlight=False)
    for step, message in report.failures.items():
        console.print(f"✗ {step}: {message}", style="red", markup=False)
    for problem in report.problems:
        console.print(f"✗ {problem}", style="red", markup=False)
