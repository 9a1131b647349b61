"""Tell people when a run failed or was cancelled.

Dagster may evaluate a run twice, so the ledger bucket remembers of which run people were told.
"""

from dataclasses import dataclass
from typing import Any

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import Notice, Outcome
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.ops.completion import tell_github
from deploy_pipeline.ops.tell import Tellers, attempt

SUBJECTS = {deploy_job.name: "Deployment", nightly_e2e_job.name: "Nightly checks"}
WATCHED = [deploy_job, nightly_e2e_job]
INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds


@dataclass(frozen=True)
class Announcer:
    """Everything that is needed to tell how a run ended."""

    spec: Spec
    github: GitHub
    slack: Slack
    mail: Mail
    object_store: ObjectStore
    links: Links

    def announce(self, run: dg.DagsterRun, outcome: Outcome, stage: str, reason: str) -> dict[str, str]:
        """Tell every channel once; a superseded run is GitHub's business alone."""
        marker = f"{self.spec.environment}/notices/{run.run_id}-{outcome}"
        if self.object_store.exists(self.spec.aws.ledger_bucket, marker):
            return {"all": "told already"}
        notice = self._notice(run, outcome, stage, reason)
        told: dict[str, str] = {}
        if run_tags.SUPERSEDED_BY not in run.tags:
            told = Tellers(self.slack, self.mail).tell(notice, self.spec.notifications)
        if run.job_name == deploy_job.name and notice.commit:
            deployment = run.tags.get(run_tags.GITHUB_DEPLOYMENT)
            told["github"] = attempt(tell_github, self.github, self.spec.repository.name, notice, deployment)
        self.object_store.put(self.spec.aws.ledger_bucket, marker, b"told", content_type="text/plain")
        return told

    def _notice(self, run: dg.DagsterRun, outcome: Outcome, stage: str, reason: str) -> Notice:
        superseded = run.tags.get(run_tags.SUPERSEDED_BY)
        return Notice(
            outcome=outcome,
            subject=SUBJECTS[run.job_name],
            environment=self.spec.environment,
            commit=run.tags.get(run_tags.COMMIT, ""),
            title=run.tags.get(run_tags.TITLE, ""),
            author=run.tags.get(run_tags.AUTHOR, ""),
            run_url=self.links.run(run.run_id),
            stage=stage,
            reason=f"superseded by {superseded[:12]}" if superseded else reason,
        )


@dg.run_failure_sensor(
    name="failure_notice_sensor",
    monitored_jobs=WATCHED,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells Slack, mail and GitHub that a run failed, at which stage and why.",
)
def failure_notice_sensor(
    context: dg.RunFailureSensorContext,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    object_store: dg.ResourceParam[ObjectStore],
    links: dg.ResourceParam[Links],
) -> None:
    """Tell people that a run failed."""
    announcer = Announcer(home_spec, github, slack, mail, object_store, links)
    stage, reason = failed_stage(context)
    run = current(context)
    context.log.info(str(announcer.announce(run, "failure", stage, reason)))


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.CANCELED,
    name="cancel_notice_sensor",
    monitored_jobs=WATCHED,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells Slack, mail and GitHub that a run was cancelled or superseded.",
)
def cancel_notice_sensor(
    context: dg.RunStatusSensorContext,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    object_store: dg.ResourceParam[ObjectStore],
    links: dg.ResourceParam[Links],
) -> None:
    """Tell people that a run was cancelled."""
    announcer = Announcer(home_spec, github, slack, mail, object_store, links)
    context.log.info(str(announcer.announce(current(context), "canceled", "", "cancelled in the Dagster UI")))


def current(context: dg.RunStatusSensorContext) -> dg.DagsterRun:
    """The run with the tags that its own steps added: the sensor's copy is from the moment of the event."""
    return context.instance.get_run_by_id(context.dagster_run.run_id) or context.dagster_run


def failed_stage(context: dg.RunFailureSensorContext) -> tuple[str, str]:
    """The first step that failed and its message; a run can fail outside of any step, too."""
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None:
            return event.step_key or "", data.user_failure_data.description or ""
        if data.error is not None:
            return event.step_key or "", root_cause(data.error)
    return "", context.failure_event.message or "the run failed outside of its steps"


def root_cause(error: Any) -> str:
    """The innermost message of a chain of exceptions (Dagster's own error record, whose type it does not export)."""
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()
