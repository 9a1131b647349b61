"""Who is told how a run ended, and that nobody is forgotten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Outcome, deployment_id, ended
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.release import Release, release_of
from deploy_pipeline.core.tries import Tries
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ops.announce import STATUS_CONTEXT
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.sensors import outcome
from deploy_pipeline.sensors.failed_stage import failed_stage
from deploy_pipeline.sensors.outcome import notice_sensor, to_be_told
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_mail import FakeMail
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.samples import SHA, a_commit, a_deployed, a_spec

FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
VALIDATION = {"ops": {"resolve_pull_request": {"config": {"pull_request": 7}}}}
TAGS = run_tags.commit_tags(a_commit(), "production")


class People:
    """An instance with runs, and everybody who is told of them."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.github, self.slack, self.mail = FakeGitHub([a_commit()]), FakeSlack(), FakeMail()
        self.store = FakeObjectStore()

    def tick(self, cursor: str | None = None) -> str | None:
        """One evaluation of the sensor; its cursor after it."""
        resources = {
            "home_spec": a_spec(), "github": self.github, "slack": self.slack, "mail": self.mail,
            "clock": SystemClock(), "links": Links("http://ui"), "object_store": self.store,
        }  # fmt: skip
        context = dg.build_sensor_context(instance=self.instance, resources=resources, cursor=cursor)
        notice_sensor(context)
        return context.cursor

    def run(
        self, status: dg.DagsterRunStatus, job: dg.JobDefinition = deploy_job, tags: dict[str, str] | None = None
    ) -> dg.DagsterRun:
        """A run that ended."""
        return self.instance.create_run_for_job(job, tags=TAGS | (tags or {}), status=status)

    def told(self) -> tuple[int, int, int]:
        """How many messages Slack, mail and the commit have."""
        return len(self.slack.posts), len(self.mail.sent), len(self.github.statuses)


@pytest.fixture
def people() -> Iterator[People]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield People(instance)


def test_a_failed_deployment_is_told_to_slack_mail_and_github(people: People) -> None:
    run = people.run(FAILURE)
    people.instance.add_run_tags(run.run_id, {run_tags.GITHUB_DEPLOYMENT: run_tags.owned(run.run_id, "5")})
    people.tick()
    assert people.slack.posts[0].text == "❌ Deployment failed: production"
    assert "Score faster" in people.mail.sent[0].text
    (status,) = people.github.statuses
    assert (status.sha, status.state, status.url) == (SHA, "failure", f"http://ui/runs/{run.run_id}")
    assert [(each.deployment_id, each.state) for each in people.github.deployment_statuses] == [(5, "failure")]


def test_every_later_tick_says_nothing_more(people: People) -> None:
    people.run(FAILURE)
    people.tick()
    people.tick()
    assert people.told() == (1, 1, 1)


def test_a_channel_that_was_away_hears_later_and_the_others_only_once(people: People) -> None:
    people.run(FAILURE)
    people.slack = FakeSlack(DeployError("answered 503", where="Slack"))
    people.tick()
    assert people.told() == (0, 1, 1)
    people.slack = FakeSlack()
    people.tick()
    people.tick()
    assert people.told() == (1, 1, 1)


@pytest.mark.parametrize("cursor", [None, "nonsense"])
def test_the_sensor_remembers_whom_it_could_not_tell(people: People, cursor: str | None) -> None:
    run = people.run(FAILURE)
    people.slack = FakeSlack(DeployError("answered 503", where="Slack"))
    after = people.tick(cursor)
    assert list(Tries.model_validate_json(after or "").failed_at) == [run.run_id]
    people.slack = FakeSlack()
    people.tick(after)
    assert people.slack.posts == []


def test_a_run_that_repeats_a_told_one_is_told_of_itself(people: People) -> None:
    first = people.run(FAILURE)
    people.tick()
    inherited = people.instance.get_run_by_id(first.run_id)
    assert inherited is not None
    people.run(FAILURE, tags=dict(inherited.tags))
    people.tick()
    assert people.told() == (2, 2, 2)


def test_a_superseded_run_is_githubs_business_alone(people: People) -> None:
    run = people.run(CANCELED)
    people.instance.add_run_tags(run.run_id, {run_tags.SUPERSEDED_BY: run_tags.owned(run.run_id, "2" * 40)})
    people.tick()
    assert people.told() == (0, 0, 1)
    assert people.github.statuses[0].description == "Deployment canceled: superseded by 222222222222"


def test_nobody_hears_of_a_run_that_two_daemons_have_asked_for(people: People) -> None:
    """They hear of the other one."""
    run = people.run(FAILURE)
    people.instance.add_run_tags(run.run_id, {run_tags.REPEATS: run_tags.owned(run.run_id, "another")})
    people.tick()
    assert people.told() == (0, 0, 0)


def test_a_superseded_run_that_went_live_with_a_newer_one_stays_deployed(people: People) -> None:
    """The newer one may be live before the sensor has told of the older one."""
    run = people.run(CANCELED)
    people.instance.add_run_tags(run.run_id, {run_tags.SUPERSEDED_BY: run_tags.owned(run.run_id, "2" * 40)})
    people.github.set_status("r", SHA, state="success", context=STATUS_CONTEXT, description="with 222", url=None)
    people.tick()
    people.tick()
    assert [status.state for status in people.github.statuses] == ["success"]


def test_a_superseded_run_that_is_started_again_and_fails_is_told_to_everybody(people: People) -> None:
    people.run(FAILURE, tags={run_tags.SUPERSEDED_BY: run_tags.owned("another-run", "2" * 40)})
    people.tick()
    assert people.told() == (1, 1, 1)


def test_a_failed_nightly_check_is_not_put_on_the_commit(people: People) -> None:
    people.run(FAILURE, nightly_e2e_job)
    people.tick()
    assert people.slack.posts[0].text == "❌ Nightly checks failed: production"
    assert people.github.statuses == []


def test_good_runs_and_old_ones_are_left_alone(people: People) -> None:
    people.run(dg.DagsterRunStatus.SUCCESS)
    people.run(FAILURE)
    now = SystemClock().now()
    assert len(to_be_told(people.instance, now)) == 1
    assert to_be_told(people.instance, now + timedelta(days=2)) == []


@dg.op
@stage
def broken_step() -> None:
    raise DeployError("it broke", where="here", todo="mend it")


@dg.op
def buggy_step() -> None:
    raise KeyError("missing")


def stage_of(job: dg.JobDefinition) -> tuple[str, str]:
    """What the sensor finds out about a run of `job`, which fails."""
    with dg.DagsterInstance.ephemeral() as instance:
        run = job.execute_in_process(instance=instance, raise_on_error=False).dagster_run
        return failed_stage(instance, instance.get_run_by_id(run.run_id) or run)


def test_failed_stage_gives_the_message_that_teaches() -> None:
    @dg.job
    def job() -> None:
        broken_step()

    assert stage_of(job) == ("broken_step", "here: it broke\nWhat to do: mend it")


def test_failed_stage_of_a_bug_gives_its_root_cause() -> None:
    @dg.job
    def job() -> None:
        buggy_step()

    stage_name, reason = stage_of(job)
    assert stage_name == "buggy_step"
    assert "KeyError: 'missing'" in reason


def settled(people: People, run: dg.DagsterRun, how: Outcome | None, reason: str = "") -> None:
    """What the ledger has of a run."""
    name = deployment_id(SHA, run.run_id)
    now = SystemClock().now()
    found = Deployment(name, "deployment", "production", run.run_id, a_commit(), now, outcome=how, reason=reason)
    Ledger.of(people.store, a_spec()).begin(found)


def test_people_hear_of_a_deployment_once_it_is_settled(people: People) -> None:
    run = people.run(FAILURE)
    settled(people, run, None)
    people.tick()
    assert people.told() == (0, 0, 0)
    ledger = Ledger.of(people.store, a_spec())
    at = SystemClock().now()
    ledger.change_deployment(deployment_id(SHA, run.run_id), lambda found: ended(found, "failed", "all is back", at))
    people.tick()
    assert people.told() == (1, 1, 1)
    assert "all is back" in people.mail.sent[0].text


def test_a_run_that_failed_after_its_release_went_live_is_told_as_what_it_is(people: People) -> None:
    run = people.run(FAILURE)
    settled(people, run, "live", "it was live when its run ended")
    people.tick()
    assert people.slack.posts[0].text == "✅ Deployment successful: production"
    assert people.github.statuses[0].state == "success"


def test_people_hear_even_of_what_cannot_be_settled(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    settled(people, people.run(FAILURE), None)
    monkeypatch.setattr(outcome, "SETTLED_WITHIN", timedelta(0))
    people.tick()
    assert people.told() == (1, 1, 1)


def test_a_ledger_that_is_away_is_asked_again(people: People) -> None:
    people.run(FAILURE)

    def away(bucket: str, key: str) -> bytes | None:
        raise DeployError("AWS cannot be reached")

    people.store.get = away  # type: ignore[method-assign]
    people.tick()
    assert people.told() == (0, 0, 0)


def test_many_others_that_ended_since_hide_nobody(people: People) -> None:
    """A deployment that bakes is older than all the validations that were superseded meanwhile."""
    people.run(FAILURE)
    for _ in range(120):
        people.instance.create_run_for_job(pr_validation_job, run_config=VALIDATION, status=CANCELED)
    people.tick()
    assert people.told() == (1, 1, 1)


def a_release(people: People, run: dg.DagsterRun, **facts: Any) -> Release:
    """The manifest of a run's release."""
    made = release_of(a_deployed(), run.run_id, SystemClock().now(), "")
    return Ledger.of(people.store, a_spec()).write_release(replace(made, **facts))


def test_a_good_end_that_somebody_could_not_be_told_is_told_later(people: People) -> None:
    """GitHub was away at the last step: the commit, and what went live with it, would stay pending for ever."""
    run = people.run(dg.DagsterRunStatus.SUCCESS, tags={run_tags.UNTOLD: "yes"})
    people.instance.add_run_tags(run.run_id, {run_tags.TOLD: run_tags.owned(run.run_id, "slack,email")})
    settled(people, run, "live", "promoted")
    a_release(people, run, contains=("3" * 40,))
    people.tick()
    people.tick()
    assert people.told() == (0, 0, 2)
    assert {(each.sha, each.state) for each in people.github.statuses} == {(SHA, "success"), ("3" * 40, "success")}


def test_a_late_word_of_a_run_that_failed_does_not_hide_that_another_one_is_live(people: People) -> None:
    people.run(FAILURE)
    people.github.set_status("r", SHA, state="success", context=STATUS_CONTEXT, description="live", url=None)
    people.tick()
    assert [status.state for status in people.github.statuses] == ["success"]


def test_a_rollback_whose_run_died_is_shown_on_every_commit_that_it_took_back(people: People) -> None:
    bad, worse, restored = "4" * 40, "5" * 40, "6" * 40
    run = people.run(FAILURE, rollback_job)
    settled(people, run, "live", "it was live when its run ended")
    a_release(people, run, commit=restored, replaced="worse", restores="good")
    a_release(people, run, name="worse", commit=worse, replaced="bad", contains=("7" * 40,))
    a_release(people, run, name="bad", commit=bad, replaced="good")
    a_release(people, run, name="good", commit=restored)
    people.tick()
    told = {each.sha[0]: each.state for each in people.github.statuses}
    assert told == {"6": "success", "5": "failure", "7": "failure", "4": "failure"}


def test_a_rollback_that_failed_is_not_on_any_commit(people: People) -> None:
    settled(people, people.run(FAILURE, rollback_job), "failed", "all is back")
    people.tick()
    assert people.told() == (1, 1, 0)
