"""The merge sensor over a fake GitHub: what it launches, and what it does not."""

from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.gateways.github import GitHubUnavailable
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.sensors.merge import merge_sensor
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.samples import a_commit, a_spec

BASE, FIRST, SECOND = (a_commit(sha=letter * 40, pull_request=number) for number, letter in enumerate("abc"))


def tick(github: FakeGitHub, instance: dg.DagsterInstance, cursor: str | None) -> tuple[Any, str | None]:
    """What one evaluation answers, and the cursor after it."""
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"home_spec": a_spec(), "github": github}
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
    assert request.run_config["ops"]["resolve_candidate"]["config"] == {"commit": FIRST.sha}
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


def test_a_merge_that_has_its_run_is_not_asked_for_again() -> None:
    github = FakeGitHub([BASE])
    with dg.DagsterInstance.ephemeral() as instance:
        _, cursor = tick(github, instance, None)
        github.branches["main"].append(FIRST)
        _, cursor = tick(github, instance, cursor)
        launched(instance, FIRST.sha, dg.DagsterRunStatus.FAILURE)
        answer, _ = tick(github, instance, cursor)
    assert "bbbbbbbbbbbb has its deployment" in str(answer.skip_message)


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


def launched(instance: dg.DagsterInstance, sha: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run as the daemon makes it for this sensor."""
    tags = {"dagster/run_key": sha, "dagster/sensor_name": "merge_sensor", "deploy/environment": "production"}
    return instance.create_run_for_job(deploy_job, tags=tags, status=status)
