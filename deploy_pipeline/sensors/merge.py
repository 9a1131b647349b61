"""`merge_sensor`: watches the deployed branch and starts one deployment for its newest merge."""

from collections.abc import Iterable

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.merges import MergeCursor, Wait, decide, observe, read_cursor
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.github import GitHub, GitHubUnavailable
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.ops.candidate import DeployConfig

INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds


@dg.sensor(
    job=deploy_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deploys the newest merge to the branch that the spec names. Polls with conditional requests.",
)
def merge_sensor(
    context: dg.SensorEvaluationContext, home_spec: dg.ResourceParam[Spec], github: dg.ResourceParam[GitHub]
) -> dg.SensorResult | dg.SkipReason:
    """One deployment per merge; when several wait, the newest."""
    try:
        cursor = look(read_cursor(context.cursor, watched(home_spec)), home_spec, github)
        decision = decide(cursor, launched=has_run(context.instance, cursor.head))
        if isinstance(decision, Wait):
            context.update_cursor(cursor.model_dump_json())
            return dg.SkipReason(decision.reason)
        request = deployment_of(decision.sha, home_spec, github)
    except GitHubUnavailable as error:
        return dg.SkipReason(f"{error}. Nothing is lost: the cursor stays, and the next tick asks again.")
    supersede(context, waiting(context.instance, home_spec.environment), decision.sha)
    return dg.SensorResult(run_requests=[request], cursor=cursor.model_dump_json())


def look(cursor: MergeCursor | None, spec: Spec, github: GitHub) -> MergeCursor:
    """The cursor after asking GitHub for the branch's head."""
    head = github.branch_head(spec.repository.name, spec.repository.branch, cursor.etag or None if cursor else None)
    if head is None and cursor is not None:
        return cursor
    if head is None:
        raise GitHubUnavailable("answered 'not modified' to an unconditional request", where="GitHub")
    return observe(cursor, watched(spec), head.sha, head.etag)


def watched(spec: Spec) -> str:
    """What the cursor belongs to."""
    return f"{spec.repository.name}@{spec.repository.branch}"


def has_run(instance: dg.DagsterInstance, sha: str) -> bool:
    """Whether this sensor launched a run for the commit; one that was made but never queued must be asked for again."""
    runs = instance.get_runs(
        filters=dg.RunsFilter(tags={"dagster/run_key": sha, "dagster/sensor_name": "merge_sensor"})
    )
    return any(run.status != dg.DagsterRunStatus.NOT_STARTED for run in runs)


def deployment_of(sha: str, spec: Spec, github: GitHub) -> dg.RunRequest:
    """The run that deploys a commit. Its key is the commit: asked for twice, it is launched once."""
    commit = github.commit(spec.repository.name, sha)
    config = dg.RunConfig(ops={"resolve_candidate": DeployConfig(commit=sha)})
    return dg.RunRequest(run_key=sha, run_config=config, tags=run_tags.commit_tags(commit, spec.environment))


def waiting(instance: dg.DagsterInstance, environment: str) -> Iterable[dg.DagsterRun]:
    """The deployments of the environment that are queued and have not begun."""
    return instance.get_runs(
        filters=dg.RunsFilter(
            job_name=deploy_job.name,
            statuses=[dg.DagsterRunStatus.QUEUED],
            tags={run_tags.ENVIRONMENT: environment, "dagster/sensor_name": "merge_sensor"},
        )
    )


def supersede(context: dg.SensorEvaluationContext, runs: Iterable[dg.DagsterRun], sha: str) -> None:
    """Take older deployments that have not begun out of the queue: the newest contains them."""
    for run in runs:
        now = context.instance.get_run_by_id(run.run_id)
        if now is None or now.status != dg.DagsterRunStatus.QUEUED:
            continue  # it began meanwhile: it goes on, and the newest one waits for it
        context.instance.add_run_tags(run.run_id, {run_tags.SUPERSEDED_BY: run_tags.owned(run.run_id, sha)})
        context.instance.run_coordinator.cancel_run(run.run_id)
        context.log.info(f"run {run.run_id} is superseded by {sha[:12]}")
