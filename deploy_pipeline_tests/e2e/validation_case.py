"""A sandbox with a small repository, in which pull requests are opened and validated: everything is real but AWS."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import httpx

from deploy_pipeline.cli.pull_request import Developer
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.github_double.seed import create_repository
from deploy_pipeline.sandbox.layout import Layout

PROJECT = Path(__file__).parents[2]
SAMPLE = Path(__file__).parents[1] / "data/sample_repository"
NAME = "acme/sample"
RUN_URL = "http://ui.test"
VERDICT = "deploy-pipeline/validation"
SECONDS = 30.0
UNSTEADY = (
    (re.compile(rf"{RUN_URL}/runs/[0-9a-f-]+"), "<run>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<sha>"),
    (re.compile(r"`[0-9a-f]{10,12}`"), "`<sha>`"),
    (re.compile(r"(< )?\b(\d+ min )?\d+(\.\d)? (ms|s|min)\b"), "<time>"),
    (re.compile(r"http://127\.0\.0\.1:\d+"), "<github>"),
)
"""What differs from run to run in a comment."""


@dataclass(frozen=True)
class Answer:
    """How a validation ended: the run, what GitHub shows, and the comment without what differs from run to run."""

    success: bool
    verdict: str
    checks: dict[str, str]
    titles: dict[str, str]
    annotations: list[tuple[str, int, str]]
    comment: str
    failed_steps: set[str]


@dataclass(frozen=True)
class Validations:
    """The repository, and the pipeline that validates its pull requests."""

    developer: Developer
    gateways: Gateways
    repository: Path
    github: str
    token: str
    instance: dg.DagsterInstance
    home: Path

    def propose(self, title: str, changes: dict[str, bytes | None]) -> int:
        """Open a pull request with these changes; its number."""
        branch = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
        return self.developer.propose(branch, "main", changes, title)

    def validate(self, number: int, *, authorised: bool = True) -> Answer:
        """Run the job on a pull request's head, in a process of its own, and read what GitHub shows then."""
        wanted = {"pull_request": number, "head": self.head(number), "authorised": authorised}
        config = {"ops": {"resolve_pull_request": {"config": wanted}}}
        file = self.home / f"validate-{number}.json"
        file.write_text(json.dumps(config))
        argv = [sys.executable, "-m", "deploy_pipeline_tests.e2e.validate_in_one_process", str(file)]
        done = subprocess.run(argv, cwd=PROJECT, check=False)
        (run,) = self.instance.get_runs(limit=1)
        assert run.is_finished, f"the run worker ended with {done.returncode}"
        return self.answer(number, run)

    def answer(self, number: int, run: dg.DagsterRun) -> Answer:
        """What GitHub shows of a pull request."""
        head = self.head(number)
        runs = {run["name"].removeprefix("deploy-pipeline/"): run for run in self.check_runs(head)}
        comments = [each["body"] for each in self.get(f"issues/{number}/comments")]
        assert len(comments) <= 1, comments
        records = self.instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE).records
        failures = [each.event_log_entry.dagster_event for each in records]
        return Answer(
            success=run.is_success,
            verdict=self.status(head),
            checks={name: run["conclusion"] or run["status"] for name, run in runs.items()},
            titles={name: run["output"]["title"] for name, run in runs.items()},
            annotations=[note for run in runs.values() for note in self.annotations(run["id"])],
            comment=steady(comments[0]) if comments else "",
            failed_steps={event.step_key or "" for event in failures if event},
        )

    def close_all(self) -> None:
        """Close every open pull request, so that the sensor has nothing to do but what a test gives it."""
        for pull in self.get("pulls?state=open&per_page=100"):
            self.developer.close(pull["number"])

    def head(self, number: int) -> str:
        """The head of a pull request."""
        return str(self.get(f"pulls/{number}")["head"]["sha"])

    def status(self, sha: str) -> str:
        """The verdict's status of a commit now; "none" before there is one."""
        found = [each for each in self.get(f"commits/{sha}/statuses") if each["context"] == VERDICT]
        return str(found[0]["state"]) if found else "none"

    def says(self, number: int, words: str) -> bool:
        """Whether the one comment of a pull request has these words in it."""
        return [words in each["body"] for each in self.get(f"issues/{number}/comments")] == [True]

    def check_runs(self, sha: str) -> list[dict[str, Any]]:
        """The check runs of a commit."""
        return list(self.get(f"commits/{sha}/check-runs?per_page=100")["check_runs"])

    def annotations(self, check_run: int) -> list[tuple[str, int, str]]:
        """Path, line and level of a check run's annotations."""
        found = self.get(f"check-runs/{check_run}/annotations?per_page=100")
        return [(note["path"], note["start_line"], note["annotation_level"]) for note in found]

    def get(self, path: str) -> Any:
        """What GitHub's REST interface answers."""
        url = f"{self.github.rstrip('/')}/repos/{NAME}/{path}"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {self.token}"}, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json()


def steady(comment: str) -> str:
    """A comment without what differs from run to run."""
    for pattern, word in UNSTEADY:
        comment = pattern.sub(word, comment)
    return comment


@contextmanager
def validation_sandbox(home: Path) -> Iterator[Validations]:
    """Bring the sandbox up with the sample repository in it, and its stack applied."""
    state = sandbox.up(home, PROJECT, print)
    before = dict(os.environ)
    try:
        os.environ.update(state.env)
        os.environ["DEPLOY_PIPELINE_SPEC"] = str(SAMPLE / "deploy.yaml")
        os.environ["DEPLOY_PIPELINE_UI_URL"] = RUN_URL
        doubles = Layout(home).doubles
        create_repository(doubles, NAME, SAMPLE)
        gateways = gateways_of(os.environ)
        apply_stack(gateways, home / "apply")
        url, token = os.environ["GITHUB_API_URL"], os.environ["GITHUB_TOKEN"]
        repository = repository_path(doubles, NAME)
        developer = Developer(url, token, NAME, repository)
        os.environ["DAGSTER_HOME"] = str(home / "dagster")
        (home / "dagster").mkdir(exist_ok=True)
        with dg.DagsterInstance.get() as instance:
            yield Validations(developer, gateways, repository, url, token, instance, home)
    finally:
        os.environ.clear()
        os.environ.update(before)
        sandbox.down(home, print, purge=False)


def apply_stack(gateways: Gateways, work: Path) -> None:
    """Make what main describes, so that there is something to change and to destroy."""
    spec = gateways.home_spec().terraform["main"]
    terraform = gateways.terraform()
    terraform.init(spec, source=SAMPLE / spec.directory, work=work, on_line=lambda line: None)
    plan = terraform.plan(work, variables={}, on_line=lambda line: None)
    terraform.apply(work, plan.plan_sha256, on_line=lambda line: None)
