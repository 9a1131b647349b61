"""Which statuses are ended when a validation could not answer, and which are left alone."""

from collections.abc import Iterator

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.clock import Clock, SystemClock
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.sensors.unanswered import unanswered_sensor
from deploy_pipeline_tests.checks.benches import HEAD, PULL_REQUEST
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.samples import a_spec

TAGS = run_tags.validation_tags(PULL_REQUEST, authorised=False)
CONFIG = {"ops": {"resolve_pull_request": {"config": {"pull_request": 7}}}}
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED
SPEC = a_spec(validation={"checks": {"cost": {"enabled": False}}})


class Ended:
    """An instance with validations that ended."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance
        self.github = FakeGitHub()

    def tick(self, clock: Clock | None = None) -> dict[str, str]:
        """One evaluation; the description of every status that it set."""
        before = len(self.github.statuses)
        resources = {
            "home_spec": SPEC, "github": self.github, "clock": clock or SystemClock(), "links": Links("http://ui"),
        }  # fmt: skip
        unanswered_sensor(dg.build_sensor_context(instance=self.instance, resources=resources))
        told = self.github.statuses[before:]
        assert {(each.sha, each.state) for each in told} <= {(HEAD, "error")}
        return {each.context.removeprefix("deploy-pipeline/"): each.description for each in told}

    def run(self, status: dg.DagsterRunStatus, why: str = "", **tags: str) -> dg.DagsterRun:
        """A run that ended; `why` is what superseded it."""
        run = self.instance.create_run_for_job(pr_validation_job, run_config=CONFIG, tags=TAGS | tags, status=status)
        if why:
            tag = run_tags.owned(run.run_id, why)
            self.instance.add_run_tags(run.run_id, {run_tags.SUPERSEDED_BY: tag})
        return run


@pytest.fixture
def ended() -> Iterator[Ended]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Ended(instance)


def test_every_status_of_a_validation_that_broke_down_is_ended_once(ended: Ended) -> None:
    ended.run(FAILURE)
    told = ended.tick()
    assert {"validation", "spec", "black", "pip-audit", "terraform-plan"} < set(told)
    assert {"tfsec", "cost"}.isdisjoint(told)
    assert set(told.values()) == {
        "the validation broke down at its start: the run failed outside of its steps: see its log"
    }
    assert ended.tick() == {}


def test_a_superseded_validation_says_by_what(ended: Ended) -> None:
    ended.run(CANCELED, "a newer head came: bbbbbbbbbbbb")
    assert set(ended.tick().values()) == {"superseded: a newer head came: bbbbbbbbbbbb"}


@pytest.mark.parametrize("why", ["more is permitted now", ""])
def test_the_statuses_of_a_head_are_its_newest_validations(ended: Ended, why: str) -> None:
    ended.run(CANCELED if why else FAILURE, why)
    newest = ended.run(dg.DagsterRunStatus.STARTED)
    assert ended.tick() == {}
    ended.instance.report_run_failed(newest)
    assert len(ended.tick()) > 1


def test_two_validations_of_one_head_that_were_both_stopped_do_not_leave_it_to_each_other(ended: Ended) -> None:
    ended.run(CANCELED, "more is permitted now")
    ended.run(CANCELED, "pull request 7 is not open any more")
    assert set(ended.tick().values()) == {"superseded: pull request 7 is not open any more"}


def test_an_outage_is_tried_again(ended: Ended) -> None:
    ended.run(FAILURE)
    ended.github.outage = DeployError("answered 502", where="GitHub")
    assert ended.tick() == {}
    ended.github.outage = None
    assert len(ended.tick()) > 1


def test_what_has_answered_is_good_or_is_long_ago_is_left_alone(ended: Ended) -> None:
    answered = ended.run(FAILURE)
    tag = run_tags.owned(answered.run_id, "failed")
    ended.instance.add_run_tags(answered.run_id, {run_tags.VALIDATION_ANSWERED: tag})
    ended.run(dg.DagsterRunStatus.SUCCESS)
    assert ended.tick() == {}


def test_a_validation_of_days_ago_is_left_alone(ended: Ended) -> None:
    ended.run(FAILURE)
    later = FakeClock(SystemClock().now())
    later.sleep(3 * 24 * 3600)
    assert ended.tick(later) == {}


def test_a_validation_that_repeats_an_answered_one_has_to_answer_itself(ended: Ended) -> None:
    ended.run(FAILURE, **{run_tags.VALIDATION_ANSWERED: run_tags.owned("another-run", "failed")})
    assert len(ended.tick()) > 1


def test_a_run_of_which_nobody_knows_what_it_validates_has_no_statuses(ended: Ended) -> None:
    ended.instance.create_run_for_job(pr_validation_job, run_config=CONFIG, status=FAILURE)
    assert ended.tick() == {}
