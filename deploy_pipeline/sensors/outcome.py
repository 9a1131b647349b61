"""Tells people when a run failed or was cancelled, and of a good end those whom the run itself could not tell.

It looks at the state, not at the event: every such run of the last day of which somebody has not been told yet.
Dagster's own run status sensors go on after an error, and the message would be lost. How a deployment ended is what the
ledger says: a run can fail after its release went live, and then the release is what people hear of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, deployment_id
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import Notice, Outcome
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.tries import read_tries
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ops.announce import STATUS_CONTEXT, own_deployment, tell_live, tell_undone
from deploy_pipeline.ops.tell import NOT_TOLD, Tellers, attempt
from deploy_pipeline.sensors.failed_stage import failed_stage

SUBJECTS = {
    deploy_job.name: "Deployment",
    nightly_e2e_job.name: "Nightly checks",
    reconcile_job.name: "Settling a deployment that was left behind",
    rollback_job.name: "Rollback",
}
OUTCOMES: dict[dg.DagsterRunStatus, Outcome] = {
    dg.DagsterRunStatus.FAILURE: "failure",
    dg.DagsterRunStatus.CANCELED: "canceled",
    dg.DagsterRunStatus.SUCCESS: "success",
}
BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds
TOLD_WITHIN = timedelta(days=1)  # a channel that is away for longer is not told any more
IN_THE_LEDGER = (deploy_job.name, rollback_job.name)
SETTLED_WITHIN = timedelta(minutes=5)  # people hear after that, even of a deployment that is still not settled


@dataclass(frozen=True)
class Announcer:
    """Everything that is needed to tell how a run ended."""

    instance: dg.DagsterInstance
    spec: Spec
    github: GitHub
    slack: Slack
    mail: Mail
    links: Links
    ledger: Ledger

    def announce(self, run: dg.DagsterRun, now: datetime) -> dict[str, str]:
        """Tell the channels that have not heard of this run; the run's own tag remembers which have."""
        heard = (run_tags.own(run.run_id, run.tags, run_tags.TOLD) or "").split(",")
        if all(channel in heard for channel in self._channels(run)):
            return {}
        record = self.record(run)
        if record and record.outcome is None and now - ended_at(self.instance, run) < SETTLED_WITHIN:
            return {}
        notice = self.notice(run, record)
        told = {}
        for channel in self._channels(run):
            if channel not in heard:
                told[channel] = self._tell(channel, notice, run, record)
        heard += [channel for channel, answer in told.items() if not answer.startswith(NOT_TOLD)]
        tag = run_tags.owned(run.run_id, ",".join(channel for channel in heard if channel))
        if told:
            self.instance.add_run_tags(run.run_id, {run_tags.TOLD: tag})
        return told

    def _channels(self, run: dg.DagsterRun) -> Iterator[str]:
        """A superseded run is GitHub's business alone, a repeated one nobody's; nightly checks are not of a commit."""
        if run_tags.own(run.run_id, run.tags, run_tags.REPEATS) is not None:
            return
        notifications = self.spec.notifications
        if not self._superseded(run):
            yield from (name for name in ("slack", "email") if getattr(notifications, name) is not None)
        if run.job_name in IN_THE_LEDGER and run.tags.get(run_tags.COMMIT):
            yield "github"

    def _tell(self, channel: str, notice: Notice, run: dg.DagsterRun, record: Deployment | None) -> str:
        if channel == "github":
            return attempt(self._github, notice, run, record)
        only = self.spec.notifications.model_copy(update={"slack" if channel == "email" else "email": None})
        return next(iter(Tellers(self.slack, self.mail).tell(notice, only).values()))

    def _github(self, notice: Notice, run: dg.DagsterRun, record: Deployment | None) -> str:
        repository = self.spec.repository.name
        release = self.ledger.release(record.id) if record and record.outcome == "live" else None
        if run.job_name == rollback_job.name:
            if release is None:
                return "nothing went back"
            return tell_undone(self.instance, self.github, self.ledger, release, repository, notice.run_url)
        if notice.outcome != "success" and self._is_deployed(notice.commit):
            return "it is deployed by another run already"
        return tell_live(self.github, repository, notice, own_deployment(self.instance, run.run_id), release)

    def _is_deployed(self, sha: str) -> bool:
        """Whether GitHub shows it as deployed: a newer merge, or another run of the same, may be live by now."""
        try:
            return self.github.status(self.spec.repository.name, sha, STATUS_CONTEXT) == "success"
        except DeployError:  # it is told then, or, if GitHub is out, later
            return False

    def _superseded(self, run: dg.DagsterRun) -> str | None:
        by = run_tags.own(run.run_id, run.tags, run_tags.SUPERSEDED_BY)
        return by if run.status == dg.DagsterRunStatus.CANCELED else None

    def record(self, run: dg.DagsterRun) -> Deployment | None:
        """What the ledger has of the run; None where it changed nothing, or is not about a deployment."""
        commit = run.tags.get(run_tags.COMMIT)
        named = commit and run.job_name in IN_THE_LEDGER
        return self.ledger.deployment(deployment_id(commit, run.run_id)) if commit and named else None

    def notice(self, run: dg.DagsterRun, record: Deployment | None) -> Notice:
        """What there is to tell of a run that ended badly."""
        stage, reason = failed_stage(self.instance, run)
        superseded = self._superseded(run)
        live = record is not None and record.outcome == "live"
        held = run_tags.own(run.run_id, run.tags, run_tags.HELD) is not None
        settled = f"\n{record.reason}" if record and record.reason else ""
        return Notice(
            outcome="success" if live else "held" if held else OUTCOMES[run.status],
            subject=SUBJECTS[run.job_name],
            environment=self.spec.environment,
            commit=run.tags.get(run_tags.COMMIT, ""),
            title=run.tags.get(run_tags.TITLE, ""),
            author=run.tags.get(run_tags.AUTHOR, ""),
            run_url=self.links.run(run.run_id),
            stage=stage,
            reason=f"superseded by {superseded[:12]}" if superseded else f"{reason}{settled}",
        )


@dg.sensor(
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells Slack, mail and GitHub of runs that failed or were cancelled, at which stage and why.",
)
def notice_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    clock: dg.ResourceParam[Clock],
    links: dg.ResourceParam[Links],
    object_store: dg.ResourceParam[ObjectStore],
) -> dg.SkipReason:
    """Tell people of every run that they have to hear of, and go on telling until each channel has heard."""
    ledger, now = Ledger.of(object_store, home_spec), clock.now()
    announcer = Announcer(context.instance, home_spec, github, slack, mail, links, ledger)
    tries = read_tries(context.cursor)
    runs = [run for run in to_be_told(context.instance, now) if tries.due(run.run_id, now)]
    try:
        told = {run.run_id: announcer.announce(run, now) for run in runs}
    except DeployError as error:
        return dg.SkipReason(f"the ledger cannot be read, and is asked again: {error}")
    failed = [run_id for run_id, answers in told.items() if any(a.startswith(NOT_TOLD) for a in answers.values())]
    context.update_cursor(tries.after(failed, now).model_dump_json())
    news = {run_id: answers for run_id, answers in told.items() if answers}
    return dg.SkipReason(f"told of {news}" if news else "nothing new to tell")


def to_be_told(instance: dg.DagsterInstance, now: datetime) -> list[dg.DagsterRun]:
    """The runs that people should hear of, all of them. Dagster keeps times in UTC without saying so."""
    since = (now - TOLD_WITHIN).astimezone(UTC)
    well, untold = [dg.DagsterRunStatus.SUCCESS], {run_tags.UNTOLD: "yes"}
    filters = [
        *(dg.RunsFilter(job_name=job, statuses=BADLY, updated_after=since) for job in SUBJECTS),
        *(dg.RunsFilter(job_name=job, statuses=well, tags=untold, updated_after=since) for job in IN_THE_LEDGER),
    ]
    return [run for wanted in filters for run in instance.get_runs(filters=wanted)]


def ended_at(instance: dg.DagsterInstance, run: dg.DagsterRun) -> datetime:
    """When the run's end was recorded."""
    record = instance.get_run_record_by_id(run.run_id)
    return record.update_timestamp.replace(tzinfo=UTC) if record else datetime.now(UTC)
