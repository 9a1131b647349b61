"""`pull_request_sensor`: starts a validation for every new head of an open pull request, and stops the older one's."""

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.pull_requests import (
    Cancel,
    Decision,
    Look,
    PullCursor,
    Run,
    Validate,
    Withdraw,
    decide,
    in_question,
    people,
    read_pull_cursor,
)
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.github import GitHub, GitHubNotFound, GitHubUnavailable, PullList
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.ops.pull_request import ValidateConfig
from deploy_pipeline.ops.tell import attempt
from deploy_pipeline.sensors.merge import watched

RUNS_REMEMBERED = 1000
INTERVAL_SECONDS = 1  # each loop of the daemon, which takes five seconds
ACTIVE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    job=pr_validation_job,
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Validates every new head of an open pull request. Polls with conditional requests.",
)
def pull_request_sensor(
    context: dg.SensorEvaluationContext, home_spec: dg.ResourceParam[Spec], github: dg.ResourceParam[GitHub]
) -> dg.SensorResult | dg.SkipReason:
    """One validation per head; a newer head supersedes the validation of an older one."""
    cursor = read_pull_cursor(context.cursor, watched(home_spec))
    try:
        pulls = github.open_pull_requests(home_spec.repository.name, home_spec.repository.branch, cursor.etag or None)
        if pulls is None:
            return dg.SkipReason("no pull request has changed")
        decision = decided(context.instance, cursor, pulls, home_spec, github)
        for label in decision.withdraw:
            done = attempt(withdrawn, github, home_spec, label)  # a label that stays on permits nothing
            context.log.info(f"#{label.number}: {done}: {label.why}")
    except GitHubUnavailable as error:
        return dg.SkipReason(f"{error}. Nothing is lost: the cursor stays, and the next tick asks again.")
    for run in decision.cancel:
        stop(context, run)
    requests = [request_of(context.instance, wanted) for wanted in decision.validate]
    kept = decision.cursor.model_dump_json()
    if not requests:
        context.update_cursor(kept)
        return dg.SkipReason(f"{len(pulls.pull_requests)} open pull requests, each with its validation")
    return dg.SensorResult(run_requests=requests, cursor=kept)


def decided(instance: dg.DagsterInstance, cursor: PullCursor, pulls: PullList, spec: Spec, github: GitHub) -> Decision:
    """Ask GitHub for what the list leaves open, and decide."""
    repository, label = spec.repository.name, spec.validation.label
    found, runs = pulls.pull_requests, runs_of(instance)
    # The list may miss one while another is closed: what seems closed is asked for before its validation is stopped.
    missing = {run.number for run in runs if run.active} - {pull.number for pull in found}
    again = [seen_again(github, spec, number) for number in sorted(missing)]
    found += tuple(pull for pull in again if pull is not None)
    events = {number: github.label_events(repository, number, label) for number in in_question(cursor, found, label)}
    permissions = {login: github.permission(repository, login) for login in people(found, events)}
    look = Look(found, pulls.at, pulls.etag, events, permissions)
    return decide(cursor, look, runs, label, github.login())


def seen_again(github: GitHub, spec: Spec, number: int) -> PullRequest | None:
    """A pull request that the list has left out, when it is open all the same."""
    try:
        state = github.pull_request(spec.repository.name, number)
    except GitHubNotFound:
        return None
    return state.pull_request if state.open and state.pull_request.base_branch == spec.repository.branch else None


def runs_of(instance: dg.DagsterInstance) -> tuple[Run, ...]:
    """The validations that were started, without those that were stopped because of something newer.

    One that was made but never queued does not count: it has to be asked for again. Nor does one of which nobody
    knows yet what it validates, because somebody started it by hand.
    """
    made = instance.get_runs(filters=dg.RunsFilter(job_name=pr_validation_job.name), limit=RUNS_REMEMBERED)
    validated = ((run, run_tags.validated(run.tags)) for run in made)
    return tuple(
        Run(found.number, found.head, found.authorised, run.run_id, active=run.status in ACTIVE)
        for run, found in validated
        if found is not None
        and run.status != dg.DagsterRunStatus.NOT_STARTED
        and run_tags.own(run.run_id, run.tags, run_tags.SUPERSEDED_BY) is None
    )


def request_of(instance: dg.DagsterInstance, wanted: Validate) -> dg.RunRequest:
    """The run for one head. Asked for twice, it is launched once; a head that comes back after a stop gets another."""
    pull = wanted.pull_request
    tags = run_tags.validation_tags(pull, wanted.authorised)
    same = {name: tags[name] for name in run_tags.VALIDATION_IDENTITY} | {"dagster/sensor_name": "pull_request_sensor"}
    made = instance.get_runs(filters=dg.RunsFilter(job_name=pr_validation_job.name, tags=same))
    before = sum(run.status != dg.DagsterRunStatus.NOT_STARTED for run in made)
    config = ValidateConfig(pull_request=pull.number, head=pull.head, authorised=wanted.authorised)
    return dg.RunRequest(
        run_key=f"{pull.number}:{pull.head}:{wanted.authorised}:{before}",
        run_config=dg.RunConfig(ops={"resolve_pull_request": config}),
        tags=tags,
    )


def withdrawn(github: GitHub, spec: Spec, label: Withdraw) -> str:
    """Take the label off, so that it can be added again to the head that is there now."""
    github.remove_label(spec.repository.name, label.number, label.label)
    return f"{label.label} taken off"


def stop(context: dg.SensorEvaluationContext, outdated: Cancel) -> None:
    """Stop a validation that something newer has taken the place of."""
    tag = run_tags.owned(outdated.run_id, outdated.why)
    context.instance.add_run_tags(outdated.run_id, {run_tags.SUPERSEDED_BY: tag})
    context.instance.run_coordinator.cancel_run(outdated.run_id)
    context.log.info(f"run {outdated.run_id} is stopped: {outdated.why}")
