"""The merge sensor over a fake GitHub: what it launches, and what it does not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Outcome, deployment_id
from deploy_pipeline.core.ledger.head import Head, Lease, Live, taken
from deploy_pipeline.core.merges import MergeCursor
from deploy_pipeline.core.release import release_of
from deploy_pipeline.gateways.github import BranchHead, GitHubUnavailable
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.sensors.merge import LOOK_SECONDS, WATCH_SECONDS, merge_sensor
from deploy_pipeline_tests.fakes.fake_clock import START, FakeClock
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_run_launcher import instance_without_processes
from deploy_pipeline_tests.samples import a_commit, a_deployed, a_spec

BASE, FIRST, SECOND = (a_commit(sha=letter * 40, pull_request=number) for number, letter in enumerate("abc"))


class EventfulClock(FakeClock):
    """Something happens while it sleeps: `events` is by the number of the sleep, from 1."""

    def __init__(self, events: dict[int, Callable[[], Any]]) -> None:
        super().__init__()
        self._events = events

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self._events.get(len(self.slept), lambda: None)()


class CountingGitHub(FakeGitHub):
    """Counts how often it is asked for the branch's head, and with which ETag."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.etags: list[str | None] = []

    def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
        self.etags.append(etag)
        return super().branch_head(repository, branch, etag)


def tick(
    github: FakeGitHub,
    instance: dg.DagsterInstance,
    cursor: str | None,
    clock: FakeClock | None = None,
    *,
    daemon: bool = True,
    store: FakeObjectStore | None = None,
) -> tuple[Any, str | None]:
    """What one evaluation answers, and the cursor after it; by the daemon or as a test in the UI."""
    context = dg.build_sensor_context(
        instance=instance,
        cursor=cursor,
        resources={
            "home_spec": a_spec(),
            "github": github,
            "clock": clock or FakeClock(),
            "object_store": store or FakeObjectStore(),
        },
        last_sensor_start_time=START.timestamp() if daemon else None,
    )
    answer = merge_sensor(context)
    after = answer.cursor if isinstance(answer, dg.SensorResult) else context.cursor
    return answer, after


def test_first_tick_begins_to_watch_and_deploys_nothing() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        answer, cursor = tick(FakeGitHub([BASE]), instance, None)
    assert isinstance(answer, dg.SkipReason)
    assert "watching began at aaaaaaaaaaaa" in str(answer.skip_message)
    assert cursor


def test_a_merge_is_deployed_with_its_commit_pull_request_and_author_as_tags() -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        answer, _ = tick(github, instance, cursor)
    (request,) = answer.run_requests
    assert request.run_key == FIRST.sha
    assert request.run_config["ops"]["resolve_candidate"]["config"]["commit"] == FIRST.sha
    assert request.tags == {
        "deploy/commit": FIRST.sha,
        "deploy/title": "Score faster",
        "deploy/author": "ada",
        "deploy/environment": "production",
        "deploy/pull_request": "1",
    }


def test_several_merges_between_two_ticks_are_one_deployment_of_the_newest() -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"] += [FIRST, SECOND]
        answer, _ = tick(github, instance, cursor)
    assert [request.run_key for request in answer.run_requests] == [SECOND.sha]


def test_an_interrupted_tick_asks_for_the_same_run_again() -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        first, moved = tick(github, instance, cursor)
        lost_cursor, _ = tick(github, instance, cursor)
        moved_cursor, _ = tick(github, instance, moved)
    keys = [answer.run_requests[0].run_key for answer in (first, lost_cursor, moved_cursor)]
    assert keys == [FIRST.sha] * 3


def after_runs(outcomes: list[Outcome], *, status: dg.DagsterRunStatus = dg.DagsterRunStatus.FAILURE) -> Any:
    """What a tick answers when the newest merge had one run for each outcome in the ledger."""
    github, store = FakeGitHub([BASE]), FakeObjectStore()
    ledger = Ledger.of(store, a_spec())
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        for outcome in outcomes:
            run = launched(instance, FIRST.sha, status)
            name = deployment_id(FIRST.sha, run.run_id)
            ledger.begin(Deployment(name, "deployment", "production", run.run_id, FIRST, START, outcome=outcome))
        return tick(github, instance, cursor, store=store)[0]


@pytest.mark.parametrize("outcome", ["failed", "live", "canceled"])
def test_a_merge_that_has_had_its_deployment_is_not_asked_for_again(outcome: Outcome) -> None:
    assert "bbbbbbbbbbbb has its deployment" in str(after_runs([outcome]).skip_message)


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELED])
def test_nor_one_whose_run_goes_on_or_was_ended_by_a_person(status: dg.DagsterRunStatus) -> None:
    assert "has its deployment" in str(after_runs(["abandoned"], status=status).skip_message)


def test_one_whose_run_died_is_begun_again_a_few_times() -> None:
    assert after_runs(["abandoned"]).run_requests[0].run_key == f"{FIRST.sha}:1"
    assert after_runs(["abandoned"] * 2).run_requests[0].run_key == f"{FIRST.sha}:2"
    assert "has its deployment" in str(after_runs(["abandoned"] * 3).skip_message)


def test_one_that_is_not_settled_yet_waits() -> None:
    github, store = FakeGitHub([BASE]), FakeObjectStore()
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        run = launched(instance, FIRST.sha, dg.DagsterRunStatus.FAILURE)
        name = deployment_id(FIRST.sha, run.run_id)
        Ledger.of(store, a_spec()).begin(Deployment(name, "deployment", "production", run.run_id, FIRST, START))
        answer, _ = tick(github, instance, cursor, store=store)
    assert "has its deployment" in str(answer.skip_message)


@pytest.mark.parametrize("free", [True, False])
def test_one_that_could_not_have_the_environment_is_begun_again_once_it_is_free(free: bool) -> None:
    """What was left there could not be settled just then; it has done nothing yet, and nobody else deploys it."""
    github, store = FakeGitHub([BASE]), FakeObjectStore()
    ledger = Ledger.of(store, a_spec())
    if not free:
        ledger.change_head(lambda seen: taken(seen.head, "left-behind", "run"))
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        run = launched(instance, FIRST.sha, dg.DagsterRunStatus.FAILURE)
        instance.add_run_tags(run.run_id, {run_tags.NOT_BEGUN: run_tags.owned(run.run_id, "yes")})
        answer, _ = tick(github, instance, cursor, store=store)
    if free:
        assert answer.run_requests[0].run_key == f"{FIRST.sha}:1"
    else:
        assert "has its deployment" in str(answer.skip_message)


def without_history(store: FakeObjectStore) -> Any:
    """What a tick answers about the newest merge while Dagster knows of no run."""
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        return tick(github, instance, cursor, store=store)[0]


MINE, OTHER = deployment_id(FIRST.sha, "1" * 8), deployment_id(BASE.sha, "2" * 8)


@pytest.mark.parametrize(("live", "replaced", "lease"), [(MINE, OTHER, ""), (OTHER, MINE, ""), ("", "", MINE)])
def test_while_dagsters_history_is_gone_the_ledger_knows_what_was_deployed(
    live: str, replaced: str, lease: str
) -> None:
    store = FakeObjectStore()
    ledger = Ledger.of(store, a_spec())
    if live:
        ledger.write_release(replace(release_of(a_deployed(), "2" * 8, START, replaced), name=live))
    head = Head(lease=Lease(lease, "2" * 8) if lease else None, live=Live(live, "e" * 40) if live else None)
    ledger.change_head(lambda _: head)
    assert "has its deployment" in str(without_history(store).skip_message)


def test_a_merge_that_the_ledger_does_not_know_is_deployed() -> None:
    store = FakeObjectStore()
    ledger = Ledger.of(store, a_spec())
    before = deployment_id(SECOND.sha, "3" * 8)
    ledger.write_release(replace(release_of(a_deployed(), "2" * 8, START, before), name=OTHER))
    ledger.change_head(lambda _: Head(lease=Lease(OTHER, "2" * 8), live=Live(OTHER, BASE.sha)))
    assert without_history(store).run_requests[0].run_key == FIRST.sha


def test_where_neither_history_nor_ledger_can_be_asked_nothing_is_launched_yet() -> None:
    store = FakeObjectStore()
    store.outage = DeployError("answered 503", where="S3", retryable=True)
    assert "has its deployment" in str(without_history(store).skip_message)


@pytest.mark.parametrize("etag_known", [True, False])
def test_an_outage_is_a_skip_with_the_reason_and_nothing_is_missed(etag_known: bool) -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = tick(github, instance, None)[1] if etag_known else None
        github.outage = GitHubUnavailable("answered 503", where="GitHub")
        answer, after = tick(github, instance, cursor)
        assert isinstance(answer, dg.SkipReason)
        assert "answered 503" in str(answer.skip_message)
        assert after == cursor
        github.outage = None
        github.branches["main"].append(FIRST)
        answer, _ = tick(github, instance, after or tick(FakeGitHub([BASE]), instance, None)[1])
    assert answer.run_requests[0].run_key == FIRST.sha


def test_an_outage_between_the_head_and_the_commit_moves_no_cursor() -> None:
    class HalfDown(FakeGitHub):
        """Answers for branches, not for commits."""

        def commit(self, repository: str, sha: str) -> Any:
            raise GitHubUnavailable("answered 502", where="GitHub")

    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(FakeGitHub([BASE]), instance, None)
        answer, after = tick(HalfDown([BASE, FIRST]), instance, cursor)
    assert isinstance(answer, dg.SkipReason)
    assert after == cursor


def test_a_cursor_that_cannot_be_read_begins_anew() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        answer, cursor = tick(FakeGitHub([BASE, FIRST]), instance, "{nonsense")
    assert isinstance(answer, dg.SkipReason)
    assert cursor is not None
    assert FIRST.sha in cursor


def test_an_author_without_a_name_does_not_stop_a_deployment() -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(replace(FIRST, author="", pull_request=None))
        answer, _ = tick(github, instance, cursor)
    assert "deploy/author" not in answer.run_requests[0].tags


def watching_since(head: str, etag: str | None = None) -> str:
    """A cursor that has seen `head` and nothing before it."""
    seen = f'"{head}"' if etag is None else etag
    return MergeCursor(watched="acme/engagement-ml@main", baseline=head, head=head, etag=seen).model_dump_json()


@pytest.mark.parametrize("look", [1, 5, 9])
def test_a_merge_while_a_tick_watches_is_deployed_by_that_tick(look: int) -> None:
    github = FakeGitHub([BASE])
    clock = EventfulClock({look: lambda: github.branches["main"].append(FIRST)})
    with dg.DagsterInstance.ephemeral() as instance:
        answer, _ = tick(github, instance, watching_since(BASE.sha), clock)
    assert [request.run_key for request in answer.run_requests] == [FIRST.sha]
    assert clock.monotonic() == pytest.approx(look * LOOK_SECONDS)


def test_a_tick_without_news_asks_once_a_second_with_the_etag_and_ends_in_time() -> None:
    github, clock = CountingGitHub([BASE]), FakeClock()
    with dg.DagsterInstance.ephemeral() as instance:
        answer, after = tick(github, instance, watching_since(BASE.sha), clock)
    assert isinstance(answer, dg.SkipReason)
    assert clock.slept == pytest.approx([LOOK_SECONDS] * 9)
    assert github.etags == [f'"{BASE.sha}"'] * 10
    assert after == watching_since(BASE.sha)


def test_slow_answers_do_not_prolong_a_tick() -> None:
    clock = FakeClock()

    class Slow(FakeGitHub):
        """Takes two and a half seconds for an answer."""

        def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
            clock.slept.append(2.5)
            return super().branch_head(repository, branch, etag)

    with dg.DagsterInstance.ephemeral() as instance:
        tick(Slow([BASE]), instance, watching_since(BASE.sha), clock)
    assert WATCH_SECONDS - 2.5 < clock.monotonic() <= WATCH_SECONDS + 2.5


def test_a_branch_that_is_set_back_and_merged_into_again_is_deployed_at_its_newest() -> None:
    github = FakeGitHub([BASE, FIRST])
    events: dict[int, Callable[[], Any]] = {
        2: lambda: github.branches.update(main=[BASE]),
        4: lambda: github.branches.update(main=[BASE, SECOND]),
    }
    with dg.DagsterInstance.ephemeral() as instance:
        launched(instance, FIRST.sha, dg.DagsterRunStatus.SUCCESS)
        answer, _ = tick(github, instance, watching_since(BASE.sha), EventfulClock(events))
    assert [request.run_key for request in answer.run_requests] == [SECOND.sha]


@pytest.mark.parametrize(
    ("cursor", "daemon"),
    [(None, True), (watching_since(BASE.sha, etag=""), True), (watching_since(BASE.sha), False)],
    ids=["the first tick", "a server without ETags", "a test in the UI"],
)
def test_a_tick_that_must_not_wait_looks_once(cursor: str | None, daemon: bool) -> None:
    class WithoutEtags(CountingGitHub):
        """A server that gives none."""

        def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
            super().branch_head(repository, branch, etag)
            return BranchHead(BASE.sha, "")

    github = WithoutEtags([BASE]) if cursor and daemon else CountingGitHub([BASE])
    clock = FakeClock()
    with dg.DagsterInstance.ephemeral() as instance:
        tick(github, instance, cursor, clock, daemon=daemon)
    assert (len(github.etags), clock.slept) == (1, [])


def test_an_outage_while_a_tick_watches_ends_it_and_the_next_one_finds_the_merge() -> None:
    github = FakeGitHub([BASE])

    def go_away() -> None:
        github.outage = GitHubUnavailable("answered 503", where="GitHub")

    with dg.DagsterInstance.ephemeral() as instance:
        clock = EventfulClock({3: go_away})
        answer, after = tick(github, instance, watching_since(BASE.sha), clock)
        assert "answered 503" in str(answer.skip_message)
        assert (clock.monotonic(), after) == (3, watching_since(BASE.sha))
        github.outage = None
        github.branches["main"].append(FIRST)
        answer, _ = tick(github, instance, after)
    assert answer.run_requests[0].run_key == FIRST.sha


def test_nothing_is_asked_until_the_time_that_github_names_and_nothing_is_lost() -> None:
    wait_until = START + timedelta(minutes=10)
    limit = GitHubUnavailable("API rate limit exceeded", where="GitHub", retry_at=wait_until)
    github, clock = CountingGitHub([BASE], outage=limit), FakeClock()
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, watching_since(BASE.sha), clock)
        github.outage, github.etags = None, []
        github.branches["main"].append(FIRST)
        answer, cursor = tick(github, instance, cursor, clock)
        assert wait_until.isoformat() in str(answer.skip_message)
        assert github.etags == []
        clock.sleep(600)
        answer, _ = tick(github, instance, cursor, clock)
    assert answer.run_requests[0].run_key == FIRST.sha


def test_a_rate_limit_between_the_head_and_the_commit_keeps_the_merge_to_be_deployed() -> None:
    limit = GitHubUnavailable("API rate limit exceeded", where="GitHub", retry_at=START + timedelta(minutes=10))

    class Limited(FakeGitHub):
        """Answers for branches, not for commits."""

        def commit(self, repository: str, sha: str) -> Any:
            raise limit

    clock = FakeClock()
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(Limited([BASE, FIRST]), instance, watching_since(BASE.sha), clock)
        clock.sleep(600)
        answer, _ = tick(FakeGitHub([BASE, FIRST]), instance, cursor, clock)
    assert answer.run_requests[0].run_key == FIRST.sha


def test_an_error_that_stays_is_a_failed_tick() -> None:
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(DeployError, match="404"):
        tick(FakeGitHub([]), instance, watching_since(BASE.sha))


@pytest.mark.parametrize("daemon", [True, False])
def test_only_a_tick_of_the_daemon_takes_an_older_deployment_out_of_the_queue(tmp_path: Path, daemon: bool) -> None:
    with instance_without_processes(str(tmp_path)) as instance:
        older = launched(instance, FIRST.sha, dg.DagsterRunStatus.QUEUED)
        answer, _ = tick(FakeGitHub([BASE, FIRST, SECOND]), instance, watching_since(BASE.sha), daemon=daemon)
        after = instance.get_run_by_id(older.run_id)
    assert answer.run_requests[0].run_key == SECOND.sha
    assert after is not None
    assert (after.status == dg.DagsterRunStatus.CANCELED) is daemon
    assert (run_tags.SUPERSEDED_BY in after.tags) is daemon


class OtherDaemon(FakeGitHub):
    """While one daemon asks for the commit, `launch` is what another one does."""

    launch: Callable[[], Any]

    def commit(self, repository: str, sha: str) -> Commit:
        self.launch()
        return super().commit(repository, sha)


def test_a_second_daemon_that_was_faster_keeps_its_run_of_the_same_commit(tmp_path: Path) -> None:
    github = OtherDaemon([BASE, FIRST, SECOND])
    with instance_without_processes(str(tmp_path)) as instance:
        launched(instance, FIRST.sha, dg.DagsterRunStatus.QUEUED)
        github.launch = lambda: launched(instance, SECOND.sha, dg.DagsterRunStatus.QUEUED)
        tick(github, instance, watching_since(BASE.sha))
        runs = {run.tags[run_tags.COMMIT]: run.status for run in instance.get_runs()}
    assert runs == {FIRST.sha: dg.DagsterRunStatus.CANCELED, SECOND.sha: dg.DagsterRunStatus.QUEUED}


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED])
def test_a_head_that_is_older_than_what_is_deployed_already_takes_nothing_out_of_the_queue(
    tmp_path: Path, status: dg.DagsterRunStatus
) -> None:
    """A replica of GitHub that lags behind: the older merge never had a run, because two came at once."""
    stale = FakeGitHub([BASE, FIRST, SECOND])
    stale.branch_head = lambda *_: BranchHead(FIRST.sha, "stale")  # type: ignore[method-assign]
    with instance_without_processes(str(tmp_path)) as instance:
        newer = launched(instance, SECOND.sha, status)
        answer, cursor = tick(stale, instance, watching_since(BASE.sha))
        after = instance.get_run_by_id(newer.run_id)
        again, _ = tick(FakeGitHub([BASE, FIRST, SECOND]), instance, cursor)
    assert "asked again" in str(answer.skip_message)
    assert after is not None
    assert after.status == status
    assert "has its deployment" in str(again.skip_message)


def test_a_branch_that_was_set_back_is_deployed_although_a_commit_waits_that_is_gone(tmp_path: Path) -> None:
    with instance_without_processes(str(tmp_path)) as instance:
        gone = launched(instance, "f" * 40, dg.DagsterRunStatus.QUEUED)
        answer, _ = tick(FakeGitHub([BASE, FIRST]), instance, watching_since(BASE.sha))
        after = instance.get_run_by_id(gone.run_id)
    assert answer.run_requests[0].run_key == FIRST.sha
    assert after is not None
    assert after.status == dg.DagsterRunStatus.CANCELED


def launched(instance: dg.DagsterInstance, sha: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run as the daemon makes it for this sensor."""
    tags = {
        run_tags.COMMIT: sha,
        "dagster/run_key": sha,
        "dagster/sensor_name": "merge_sensor",
        "deploy/environment": "production",
    }
    location = GrpcServerCodeLocationOrigin(host="localhost", port=1, location_name="deploy_pipeline")
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(location, "__repository__"), deploy_job.name)
    return instance.create_run_for_job(deploy_job, tags=tags, status=status, remote_job_origin=origin)
