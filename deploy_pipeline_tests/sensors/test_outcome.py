"""Who is told how a run ended."""

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.sensors.outcome import Announcer, failed_stage
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_mail import FakeMail
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.samples import SHA, a_commit, a_spec

TAGS = run_tags.commit_tags(a_commit(), "production") | {run_tags.GITHUB_DEPLOYMENT: "5"}


class People:
    """An announcer with everything that it reaches."""

    def __init__(self, slack: FakeSlack | None = None) -> None:
        self.github, self.slack, self.mail = FakeGitHub([a_commit()]), slack or FakeSlack(), FakeMail()
        self.store = FakeObjectStore()
        self.announcer = Announcer(a_spec(), self.github, self.slack, self.mail, self.store, Links("http://ui"))


def a_run(job: str = deploy_job.name, **tags: str) -> dg.DagsterRun:
    return dg.DagsterRun(job_name=job, run_id="r1", tags=TAGS | tags)


def test_a_failed_deployment_is_told_to_slack_mail_and_github() -> None:
    people = People()
    people.announcer.announce(a_run(), "failure", "scan_image[inference]", "jinja2 2.10 has CVE-1\nWhat to do: upgrade")
    assert people.slack.posts[0].text == "❌ Deployment failed: production"
    assert "scan_image[inference]" in people.mail.sent[0].text
    assert "What to do: upgrade" in people.mail.sent[0].text
    (status,) = people.github.statuses
    assert (status.sha, status.state, status.url) == (SHA, "failure", "http://ui/runs/r1")
    assert status.description == "Deployment failed at scan_image[inference]: jinja2 2.10 has CVE-1"
    assert [(each.deployment_id, each.state) for each in people.github.deployment_statuses] == [(5, "failure")]


def test_a_run_that_is_evaluated_twice_is_told_once() -> None:
    people = People()
    people.announcer.announce(a_run(), "failure", "s", "r")
    again = people.announcer.announce(a_run(), "failure", "s", "r")
    assert again == {"all": "told already"}
    assert len(people.slack.posts) == len(people.mail.sent) == len(people.github.statuses) == 1


def test_a_superseded_run_is_githubs_business_alone() -> None:
    people = People()
    people.announcer.announce(a_run(**{run_tags.SUPERSEDED_BY: "2" * 40}), "canceled", "", "")
    assert (people.slack.posts, people.mail.sent) == ([], [])
    assert people.github.statuses[0].state == "error"
    assert "superseded by 222222222222" in people.github.statuses[0].description


def test_a_failed_nightly_check_is_not_put_on_the_commit() -> None:
    people = People()
    people.announcer.announce(a_run(nightly_e2e_job.name), "failure", "smoke_test[api]", "status 500")
    assert people.slack.posts[0].text == "❌ Nightly checks failed: production"
    assert people.github.statuses == []


def test_a_channel_that_fails_does_not_silence_the_others() -> None:
    people = People(FakeSlack(DeployError("invalid_auth", where="Slack")))
    told = people.announcer.announce(a_run(), "failure", "s", "r")
    assert told["slack"].startswith("not told")
    assert len(people.mail.sent) == len(people.github.statuses) == 1


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
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            "failure_notice_sensor", result.get_run_failure_event(), instance, result.dagster_run
        )
        return failed_stage(context.for_run_failure())


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
