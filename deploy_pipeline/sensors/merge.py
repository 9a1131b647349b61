"""`merge_sensor`: watches the deployed branch and starts one deployment for its newest merge.

Dagster's daemon begins a tick every five seconds at best. So a tick goes on looking, once a second, and ends as soon as
there is something to deploy.
"""

from collections.abc import Iterable

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.merges import Deploy, MergeCursor, Wait, decide, observe, read_cursor, rest, resting
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import GitHub, GitHubUnavailable
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.ops.candidate import DeployConfig
from deploy_pipeline.ops.holding import has_died
from deploy_pipeline.sensors.attempts import MOST_ATTEMPTS

INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds
LOOK_SECONDS = 1.0
# The last look comes nine seconds after the first, and the daemon's next loop but one after ten: the next tick goes on
# where this one ended. With GitHub silent at that look (three attempts of 15 s) a tick still ends within the 60 s that
# Dagster gives it. It is short also because a code server that is told to stop, or to load new code, waits for it.
WATCH_SECONDS = 9.2
WAITING = dg.DagsterRunStatus.QUEUED
GOING = (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED)


@dg.sensor(
    job=deploy_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Deploys the newest merge to the branch that the spec names. Polls with conditional requests.",
)
def merge_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    github: dg.ResourceParam[GitHub],
    clock: dg.ResourceParam[Clock],
    object_store: dg.ResourceParam[ObjectStore],
) -> dg.SensorResult | dg.SkipReason:
    """One deployment per merge; when several wait, the newest."""
    before, ledger = read_cursor(context.cursor, watched(home_spec)), Ledger.of(object_store, home_spec)
    if until := resting(before, clock.now()):
        return dg.SkipReason(f"GitHub asks us to wait until {until.isoformat()}; the newest merge is deployed then")
    try:
        cursor, decision = watch(context, before, home_spec, github, clock, ledger)
        if isinstance(decision, Wait):
            context.update_cursor(cursor.model_dump_json())
            return dg.SkipReason(decision.reason)
        if newer := newer_one(context.instance, home_spec, github, decision.sha):
            context.update_cursor(cursor.model_dump_json())
            return dg.SkipReason(f"GitHub answered with {decision.sha[:12]}, which {newer[:12]} contains: asked again")
        attempt = len(runs_for(context.instance, decision.sha))
        request = deployment_of(decision.sha, attempt, home_spec, github)
    except GitHubUnavailable as error:
        if before is not None and error.retry_at is not None:
            context.update_cursor(rest(before, error.retry_at, clock.now()).model_dump_json())
        return dg.SkipReason(f"{error}. Nothing is lost: the cursor stays, and a later tick asks again.")
    if by_daemon(context):
        supersede(context, deployments(context.instance, home_spec.environment, [WAITING]), decision.sha)
    return dg.SensorResult(run_requests=[request], cursor=cursor.model_dump_json())


def watch(
    context: dg.SensorEvaluationContext,
    before: MergeCursor | None,
    spec: Spec,
    github: GitHub,
    clock: Clock,
    ledger: Ledger,
) -> tuple[MergeCursor, Deploy | Wait]:
    """Look until there is something to deploy or the tick is over; what was seen last, and what follows from it."""
    due = clock.monotonic()
    end = due + WATCH_SECONDS
    cursor = look(before, spec, github)
    decision = decided(context.instance, ledger, cursor)
    patient = by_daemon(context) and before is not None  # the first cursor is kept at once: it is the baseline
    # Without an ETag every look would count against the rate limit.
    while patient and cursor.etag and isinstance(decision, Wait):
        due = max(due + LOOK_SECONDS, clock.monotonic())
        if due > end:
            break
        clock.sleep(max(0.0, due - clock.monotonic()))
        seen = look(cursor, spec, github)
        if seen.head != cursor.head:
            decision = decided(context.instance, ledger, seen)
        cursor = seen
    return cursor, decision


def decided(instance: dg.DagsterInstance, ledger: Ledger, cursor: MergeCursor) -> Deploy | Wait:
    """What follows from a cursor. Where watching began, nobody has to be asked."""
    return decide(cursor, launched=cursor.head != cursor.baseline and is_deployed(instance, ledger, cursor.head))


def by_daemon(context: dg.SensorEvaluationContext) -> bool:
    """Whether the daemon asks. A test in the UI must neither wait nor change anything; it does not say a start time."""
    return context.last_sensor_start_time is not None


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


def runs_for(instance: dg.DagsterInstance, sha: str) -> list[dg.DagsterRun]:
    """The runs that this sensor launched for a commit; one that was made but never queued must be asked for again."""
    tags = {run_tags.COMMIT: sha, "dagster/sensor_name": "merge_sensor"}
    runs = instance.get_runs(filters=dg.RunsFilter(job_name=deploy_job.name, tags=tags))
    return [run for run in runs if run.status != dg.DagsterRunStatus.NOT_STARTED]


def is_deployed(instance: dg.DagsterInstance, ledger: Ledger, sha: str) -> bool:
    """Whether the commit has had its deployment: one whose run died, and was undone, is begun again a few times.

    Where Dagster knows of no run, the ledger is asked: Dagster's history can be gone for a while.
    """
    runs = runs_for(instance, sha)
    if len(runs) >= MOST_ATTEMPTS or any(run.status != dg.DagsterRunStatus.FAILURE for run in runs):
        return True
    try:
        return any(not has_died(instance, ledger, run) for run in runs) if runs else is_known(ledger, sha)
    except DeployError as error:
        if not error.retryable:
            raise
        return True  # nobody knows now; the next tick asks again


def is_known(ledger: Ledger, sha: str) -> bool:
    """Whether the ledger's head says that the commit has been deployed: it serves, is on its way, or was taken back."""
    head = ledger.head().head
    release = ledger.release(head.live.release) if head.live else None
    names = (head.lease.deployment if head.lease else "", *((release.name, release.replaced) if release else ()))
    return any(name.startswith(sha[:12]) for name in names)


def deployment_of(sha: str, attempt: int, spec: Spec, github: GitHub) -> dg.RunRequest:
    """The run that deploys a commit. Its key is the commit and the attempt: asked for twice, it is launched once."""
    commit = github.commit(spec.repository.name, sha)
    config = dg.RunConfig(ops={"resolve_candidate": DeployConfig(commit=sha)})
    key = f"{sha}:{attempt}" if attempt else sha
    return dg.RunRequest(run_key=key, run_config=config, tags=run_tags.commit_tags(commit, spec.environment))


def deployments(
    instance: dg.DagsterInstance, environment: str, statuses: list[dg.DagsterRunStatus]
) -> Iterable[dg.DagsterRun]:
    """The environment's deployments by this sensor that wait, or go on."""
    tags = {run_tags.ENVIRONMENT: environment, "dagster/sensor_name": "merge_sensor"}
    return instance.get_runs(filters=dg.RunsFilter(job_name=deploy_job.name, statuses=statuses, tags=tags))


def newer_one(instance: dg.DagsterInstance, spec: Spec, github: GitHub, sha: str) -> str | None:
    """A commit that waits or is being deployed and contains this one.

    GitHub answers from several replicas, and a second daemon may be slower: such a head is older than what was seen.
    Its deployment would take the newer one out of the queue.
    """
    for run in deployments(instance, spec.environment, [WAITING, *GOING]):
        other = run.tags.get(run_tags.COMMIT, sha)
        if other != sha and not adds(github, spec.repository.name, other, sha):
            return other
    return None


def adds(github: GitHub, repository: str, known: str, sha: str) -> bool:
    """Whether a commit has anything that `known` has not; it has where GitHub does not know that one any more."""
    try:
        return bool(github.commits_between(repository, known, sha))
    except GitHubUnavailable:
        raise
    except DeployError:
        return True


def supersede(context: dg.SensorEvaluationContext, runs: Iterable[dg.DagsterRun], sha: str) -> None:
    """Take older deployments that have not begun out of the queue: the newest contains them.

    One of the same commit is what a second daemon has asked for a moment ago, and stays: there will be no other.
    """
    for run in (run for run in runs if run.tags.get(run_tags.COMMIT) != sha):
        now = context.instance.get_run_by_id(run.run_id)
        if now is None or now.status != dg.DagsterRunStatus.QUEUED:
            continue  # it began meanwhile: it goes on, and the newest one waits for it
        context.instance.add_run_tags(run.run_id, {run_tags.SUPERSEDED_BY: run_tags.owned(run.run_id, sha)})
        context.instance.run_coordinator.cancel_run(run.run_id)
        context.log.info(f"run {run.run_id} is superseded by {sha[:12]}")
