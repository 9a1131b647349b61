"""The sensor of pull requests over a fake GitHub: what it launches and stops. Why is `core.pull_requests`'s."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import GitHubUnavailable
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.sensors.pull_request import pull_request_sensor
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_run_launcher import instance_without_processes
from deploy_pipeline_tests.samples import a_commit, a_spec

FIRST, SECOND = "a" * 40, "b" * 40
OURS = PullRequest(1, "Ours", "ada", "https://github.test/pull/1", FIRST, "topic", "c" * 40, "main")
THEIRS = PullRequest(2, "Theirs", "olga", "https://github.test/pull/2", FIRST, "olga:topic", "c" * 40, "main")
STATUS = dg.DagsterRunStatus
CONFIG = {"ops": {"resolve_pull_request": {"config": {"pull_request": 1}}}}
LABEL = "ok-to-test"


class Coordinator:
    """An instance whose runs are never executed: the test says how each stands."""

    def __init__(self, instance: dg.DagsterInstance, github: FakeGitHub) -> None:
        self.instance = instance
        self.github = github
        self.cursor: str | None = None

    def tick(self) -> object:
        """One evaluation of the sensor, without what the daemon does with it."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"home_spec": a_spec(), "github": self.github}
        )
        answer: Any = pull_request_sensor(context)
        self.cursor = answer.cursor if isinstance(answer, dg.SensorResult) else context.cursor
        return answer

    def requests(self) -> list[dg.RunRequest]:
        """What the next evaluation asks for."""
        answer = self.tick()
        return list(answer.run_requests or []) if isinstance(answer, dg.SensorResult) else []

    def launch(self, status: dg.DagsterRunStatus = STATUS.STARTED) -> list[dg.DagsterRun]:
        """One evaluation, and the runs that the daemon makes of it."""
        return [
            self.run(dict(request.tags) | {"dagster/run_key": request.run_key or ""}, status)
            for request in self.requests()
        ]

    def run(self, tags: dict[str, str], status: dg.DagsterRunStatus) -> dg.DagsterRun:
        named = {"dagster/sensor_name": "pull_request_sensor", **tags}
        return self.instance.create_run_for_job(pr_validation_job, run_config=CONFIG, tags=named, status=status)

    def now(self, run: dg.DagsterRun) -> dg.DagsterRun:
        found = self.instance.get_run_by_id(run.run_id)
        assert found is not None
        return found

    def superseded(self, run: dg.DagsterRun) -> str | None:
        return run_tags.own(run.run_id, self.now(run).tags, run_tags.SUPERSEDED_BY)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """In memory: it cannot stop a run."""
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def stopping(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """On disk, which takes seconds."""
    with instance_without_processes(str(tmp_path)) as made:
        yield made


def a_github(pull: PullRequest, kind: type[FakeGitHub] = FakeGitHub) -> FakeGitHub:
    return kind([a_commit()], pull_requests=[pull], permissions={"ada": "write", "olga": "read"})


@pytest.fixture
def ours(instance: dg.DagsterInstance) -> Coordinator:
    return Coordinator(instance, a_github(OURS))


def test_a_new_head_starts_a_validation(ours: Coordinator) -> None:
    (request,) = ours.requests()
    assert request.run_key == f"1:{FIRST}:True:0"
    assert request.run_config["ops"]["resolve_pull_request"]["config"] == {
        "pull_request": 1, "head": FIRST, "authorised": True,
    }  # fmt: skip
    assert request.tags == {
        "validation/pull_request": "1",
        "validation/head": FIRST,
        "validation/authorised": "true",
        "validation/title": "Ours",
    }


def test_the_same_head_is_validated_once(ours: Coordinator) -> None:
    (run,) = ours.launch()
    assert "1 open pull requests, each with its validation" in str(skipped(ours.tick()))
    assert skipped(ours.tick()) == "no pull request has changed"
    ours.instance.report_run_failed(ours.now(run))
    assert ours.requests() == []


def test_a_run_that_was_never_queued_is_asked_for_again_by_the_same_key(ours: Coordinator) -> None:
    (lost,) = ours.launch(STATUS.NOT_STARTED)
    assert [request.run_key for request in ours.requests()] == [lost.tags["dagster/run_key"]]


@pytest.mark.parametrize("status", [STATUS.STARTING, STATUS.STARTED])
def test_a_newer_head_supersedes_the_validation_of_an_older_one(
    stopping: dg.DagsterInstance, status: dg.DagsterRunStatus
) -> None:
    ours = Coordinator(stopping, a_github(OURS))
    (older,) = ours.launch(status)
    ours.github.push(1, SECOND)
    (request,) = ours.requests()
    assert request.tags["validation/head"] == SECOND
    assert ours.superseded(older) == f"a newer head came: {SECOND[:12]}"
    assert cancelled(ours.now(older))


def test_a_label_starts_a_second_validation_that_may_plan(stopping: dg.DagsterInstance) -> None:
    theirs = Coordinator(stopping, a_github(THEIRS))
    (untrusted,) = theirs.launch()
    theirs.github.pass_time(60)
    theirs.github.add_label(2, LABEL, "ada")
    theirs.github.pass_time(60)
    (request,) = theirs.requests()
    assert request.run_config["ops"]["resolve_pull_request"]["config"]["authorised"] is True
    assert (untrusted.tags["dagster/run_key"], request.run_key) == (f"2:{FIRST}:False:0", f"2:{FIRST}:True:0")
    assert (theirs.superseded(untrusted) or "").startswith("more is permitted now: ada added")


def test_a_pull_request_that_is_closed_is_stopped_and_validated_anew_when_reopened(
    stopping: dg.DagsterInstance,
) -> None:
    ours = Coordinator(stopping, a_github(OURS))
    (run,) = ours.launch()
    ours.github.close(1)
    assert ours.requests() == []
    assert ours.superseded(run) == "pull request 1 is not open any more"
    assert cancelled(ours.now(run))
    ours.github.pulls[1] = type(ours.github.pulls[1])(OURS, open=True)
    assert [request.run_key for request in ours.requests()] == [f"1:{FIRST}:True:1"]


def test_an_outage_is_a_skip_with_the_reason_and_keeps_the_cursor(ours: Coordinator) -> None:
    ours.launch(STATUS.SUCCESS)
    before = ours.cursor
    ours.github.outage = GitHubUnavailable("answered 503", where="GitHub")
    ours.github.push(1, SECOND)
    assert "answered 503" in skipped(ours.tick())
    assert ours.cursor == before
    ours.github.outage = None
    assert [request.tags["validation/head"] for request in ours.requests()] == [SECOND]


class KeepsLabels(FakeGitHub):
    """Refuses to take a label off."""

    def remove_label(self, repository: str, number: int, label: str) -> None:
        raise DeployError("GitHub answered 403", where="GitHub", todo="give the token issues: write")


def test_a_label_that_cannot_be_taken_off_permits_nothing_and_stops_nothing(instance: dg.DagsterInstance) -> None:
    coordinator = Coordinator(instance, a_github(THEIRS, KeepsLabels))
    coordinator.github.add_label(2, LABEL, "ada")  # before we have seen this head
    (request,) = coordinator.requests()
    assert request.tags["validation/authorised"] == "false"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {run_tags.VALIDATED_HEAD: FIRST},
        {run_tags.VALIDATED_HEAD: FIRST, run_tags.VALIDATED_PULL_REQUEST: "seven"},
        {run_tags.VALIDATED_HEAD: FIRST, run_tags.VALIDATED_PULL_REQUEST: "-1"},
        {run_tags.VALIDATED_PULL_REQUEST: "1", run_tags.VALIDATION_AUTHORISED: "perhaps"},
    ],
)
def test_odd_tags_of_a_run_that_somebody_started_by_hand_break_nothing(ours: Coordinator, tags: dict[str, str]) -> None:
    ours.run(tags, STATUS.STARTED)
    assert [request.run_key for request in ours.requests()] == [f"1:{FIRST}:True:0"]


def test_a_run_of_a_pull_request_that_github_does_not_know_is_stopped(stopping: dg.DagsterInstance) -> None:
    ours = Coordinator(stopping, a_github(OURS))
    tags = {run_tags.VALIDATED_HEAD: FIRST, run_tags.VALIDATED_PULL_REQUEST: "999999"}
    run = ours.run(tags, STATUS.STARTED)
    assert [request.tags["validation/pull_request"] for request in ours.requests()] == ["1"]
    assert cancelled(ours.now(run))


def skipped(answer: object) -> str:
    assert isinstance(answer, dg.SkipReason), answer
    return str(answer.skip_message)


def cancelled(run: dg.DagsterRun) -> bool:
    return run.status == STATUS.CANCELED
