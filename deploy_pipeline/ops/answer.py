"""The end of a validation: one comment on the pull request, one verdict, and a run that fails when the verdict does."""

import dagster as dg

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core import run_tags
from deploy_pipeline.core.checks.catalogue import CHECKS, enabled
from deploy_pipeline.core.checks.comment import MARKER, render
from deploy_pipeline.core.checks.reported import Reported
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.verdict import Verdict
from deploy_pipeline.core.checks.verdict import verdict as verdict_of
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import NEVER, READ
from deploy_pipeline.ops.tell import NOT_TOLD
from deploy_pipeline.ops.tell_checks import tell_result, tell_verdict


@dg.op(retry_policy=READ, tags={"dagster/kind": "github"})
@stage
def answer_pull_request(
    context: dg.OpExecutionContext,
    subject: Subject,
    reported: list[Reported],
    github: dg.ResourceParam[GitHub],
    bench: dg.ResourceParam[Bench],
    workspace: dg.ResourceParam[Workspace],
    links: dg.ResourceParam[Links],
) -> Verdict:
    """Write the comment, tell GitHub what it has not heard yet, and judge."""
    url = links.run(context.run_id)
    wanted = [each for each in reported if each.result.check in enabled(subject.spec)]
    results = tuple(sorted((each.result for each in wanted), key=lambda result: CHECKS.index(result.check)))
    verdict = verdict_of(results)
    untold = [each.result for each in wanted if not each.told]
    told = [tell_result(github, subject, result, url) for result in untold]
    told.append(tell_verdict(github, subject, verdict, url))
    missing = [answer for answer in told if answer.startswith(NOT_TOLD)]
    if missing:
        raise DeployError(missing[0], where="GitHub", todo="re-execute this run from failure", retryable=True)
    notes = (bench.isolation.gives_up(),) if bench.isolation.gives_up() else ()
    context.add_output_metadata({"verdict": verdict.state, "summary": verdict.summary})
    context.add_output_metadata({"comment": comment(github, subject, render(subject, results, verdict, url, notes))})
    answered = {run_tags.VALIDATION_ANSWERED: run_tags.owned(context.run_id, verdict.state)}
    context.instance.add_run_tags(context.run_id, answered)
    workspace.discard(workspace.validation(context.run_id))
    return verdict


def comment(github: GitHub, subject: Subject, body: str) -> str:
    """Write the one comment, unless a newer head has come meanwhile: its own validation answers."""
    pull = subject.pull_request
    if pull is None:
        return "no pull request"
    now = github.pull_request(subject.repository, pull.number).pull_request
    if now.head != subject.head:
        return f"left to the validation of {now.head[:12]}"
    return github.upsert_comment(subject.repository, pull.number, MARKER, body)


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "github"})
@stage
def conclude(context: dg.OpExecutionContext, verdict: Verdict) -> None:
    """Fail the run when the verdict is that the pull request must not be merged."""
    context.add_output_metadata({"verdict": verdict.state, "summary": verdict.summary})
    if verdict.state == "failed":
        raise DeployError(verdict.summary, where="pull request", todo="see the failed checks in this run")
