"""Merges travel through the running pipeline into containers and functions, or are stopped where they should be.

The tests stand in the order of a working day and share one pipeline: first a good merge, then bad ones on top of it.
"""

import json
from typing import Any

import httpx
import pytest

from deploy_pipeline.cli.demo_report import Expected, Report, containers_of, mail_messages, slack_messages
from deploy_pipeline.cli.follow import RunStory, follow
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import Forward
from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline.ops.announce import STATUS_CONTEXT
from deploy_pipeline_tests.e2e.conftest import Pipeline

pytestmark = pytest.mark.real

INFERENCE = "fargate/inference"
NOTICE_SECONDS = 90.0
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""


def live(pipeline: Pipeline) -> Deployed:
    """What the ledger says is live."""
    found = Ledger.of(pipeline.gateways.object_store(), pipeline.gateways.home_spec()).live()
    assert found is not None
    return found


@pytest.fixture(scope="module")
def released(pipeline: Pipeline) -> Deployed:
    """The first release: a merge that is good."""
    sha = pipeline.merge(
        "Add a release note", {f"{INFERENCE}/release.py": b"# one\n", "lambda/engagement_api/RELEASE": b"1\n"}
    )
    story = pipeline.deployment(sha)
    assert story.status == "SUCCESS", story.failures
    report = Report.gather(pipeline.env, Expected("healthy", sha, sha), story, pipeline.dagster.url, 0)
    assert report.problems == []
    return live(pipeline)


def test_a_merge_ends_in_containers_that_run_from_the_pushed_digest(pipeline: Pipeline, released: Deployed) -> None:
    (service,) = released.services
    assert len(containers_of(service.image)) == service.running > 0
    image = next(image for image in released.images if image.name == "inference")
    assert service.image == image.pinned
    assert pipeline.gateways.ecr().digest(image.repository, image.tag) == image.digest
    assert pipeline.gateways.ecr().digest(image.repository, "latest") == image.digest


def test_a_merge_ends_in_functions_that_answer_at_their_new_version(pipeline: Pipeline, released: Deployed) -> None:
    functions = pipeline.gateways.functions()
    answers = {
        each.name: functions.invoke(each.function_name, each.alias, {"test": True}) for each in released.functions
    }
    assert {name: answer.executed_version for name, answer in answers.items()} == {
        each.name: each.version for each in released.functions
    }
    assert json.loads(json.loads(answers["data_prep"].payload)["body"])["s3_path"].startswith("s3://")


def test_a_merge_leaves_terraform_state_in_the_bucket(pipeline: Pipeline, released: Deployed) -> None:
    backend = pipeline.gateways.home_spec().terraform["main"].backend
    body = pipeline.gateways.object_store().get(backend.bucket, backend.key)
    assert body is not None
    state: dict[str, Any] = json.loads(body)
    assert (state["serial"], state["lineage"]) == (released.stacks[0].serial, released.stacks[0].lineage)


def test_a_merge_is_told_on_the_commit(pipeline: Pipeline, released: Deployed) -> None:
    status = pipeline.developer.statuses(released.candidate.commit.sha)[0]
    assert (status["context"], status["state"]) == (STATUS_CONTEXT, "success")
    assert status["target_url"].startswith(pipeline.dagster.url)


def a_broken_build(pipeline: Pipeline) -> dict[str, bytes | None]:
    return {f"{INFERENCE}/requirements.txt": b"there-is-no-such-package-on-any-index==9.9.9\n"}


def a_vulnerable_requirement(pipeline: Pipeline) -> dict[str, bytes | None]:
    good = pipeline.source(f"{INFERENCE}/requirements.txt")
    return {f"{INFERENCE}/requirements.txt": good + b"jinja2==2.10\nMarkupSafe==2.0.1\n"}


def a_service_that_exits(pipeline: Pipeline) -> dict[str, bytes | None]:
    good = pipeline.source(f"{INFERENCE}/requirements.txt")
    ends = b'\nCMD ["python", "-c", "raise SystemExit(\'no configuration\')"]\n'
    return {
        f"{INFERENCE}/requirements.txt": good,
        f"{INFERENCE}/Dockerfile": pipeline.source(f"{INFERENCE}/Dockerfile") + ends,
    }


@pytest.mark.parametrize(
    ("title", "changes", "stage", "advice"),
    [
        ("Break the build", a_broken_build, "build_image[inference]", "What to do"),
        ("Add a vulnerable requirement", a_vulnerable_requirement, "scan_image[inference]", "2.10.1"),
        ("Exit at once", a_service_that_exits, "deploy_service[inference]", "What to do: read the task's log"),
    ],
)
def test_a_bad_merge_fails_at_its_stage_and_the_earlier_version_serves(
    pipeline: Pipeline, released: Deployed, title: str, changes: Any, stage: str, advice: str
) -> None:
    sha = pipeline.merge(title, changes(pipeline))
    story = pipeline.deployment(sha)
    assert story.status == "FAILURE"
    assert list(story.failures) == [stage]
    assert advice in story.failures[stage]
    assert_still_serving(pipeline, released)
    assert_told(pipeline, sha, stage)


def assert_still_serving(pipeline: Pipeline, released: Deployed) -> None:
    """The earlier release is live by the ledger, its aliases and containers are in place, and it answers."""
    assert live(pipeline).candidate.commit.sha == released.candidate.commit.sha
    functions, services = pipeline.gateways.functions(), pipeline.gateways.services()
    for function in released.functions:
        assert functions.alias(function.function_name, function.alias).version == function.version
    (service,) = released.services
    running = [task for task in services.tasks(service.cluster, service.service)
               if task.task_definition == service.task_definition and task.status == "RUNNING"]  # fmt: skip
    assert len(running) == service.running
    url = f"{pipeline.env['AWS_ENDPOINT_URL']}/_alb/engagement-ml/health"
    # MiniStack takes the listener's port from the Host header: none is 80, the production listener's.
    answer = httpx.get(url, headers={"Host": "localhost"}, timeout=10)
    assert answer.status_code == 200, answer.text
    assert pipeline.gateways.ecr().digest("engagement-ml/inference", "latest") == service.image.rsplit("@", 1)[1]


def assert_told(pipeline: Pipeline, sha: str, stage: str) -> None:
    """Slack, mail and the commit hear of the failure, with the stage."""

    def told() -> bool | None:
        status = pipeline.developer.statuses(sha)[0]
        return True if status["state"] == "failure" and stage in status["description"] else None

    assert wait_until(SystemClock(), told, seconds=NOTICE_SECONDS, every=1), pipeline.developer.statuses(sha)
    assert any("Deployment failed" in text for text in slack_messages(pipeline.env))
    assert any(sha[:12] in text and stage in text for text in mail_messages(pipeline.env))


@pytest.fixture(scope="module")
def changed(pipeline: Pipeline, released: Deployed) -> Deployed:
    """A second release, on top of the bad merges: a service and a function are new."""
    changes: dict[str, bytes | None] = {
        f"{INFERENCE}/Dockerfile": pipeline.source(f"{INFERENCE}/Dockerfile"),
        f"{INFERENCE}/release.py": b"# two\n",
        "lambda/engagement_api/RELEASE": b"2\n",
    }
    story = pipeline.deployment(pipeline.merge("Score better", changes))
    assert story.status == "SUCCESS", story.failures
    return live(pipeline)


def test_a_change_moves_the_service_to_its_other_colour(
    pipeline: Pipeline, released: Deployed, changed: Deployed
) -> None:
    (before,), (after,) = released.services, changed.services
    assert (before.service, after.service) == ("engagement-ml-inference", "engagement-ml-inference-green")
    services = pipeline.gateways.services()
    assert (services.state(before.cluster, before.service).desired, after.running) == (0, before.running)
    balancers = pipeline.gateways.load_balancers()
    assert balancers.forwards("engagement-ml", 80) == (Forward("engagement-ml-green", 100),)
    assert balancers.forwards("engagement-ml", 8081) == (Forward("engagement-ml-blue", 100),)


def test_a_change_promotes_the_function_after_its_canary(
    pipeline: Pipeline, released: Deployed, changed: Deployed
) -> None:
    before, after = ({one.name: one for one in each.functions}["engagement_api"] for each in (released, changed))
    assert after.previous_version == before.version != after.version
    alias = pipeline.gateways.functions().alias(after.function_name, after.alias)
    assert (alias.version, alias.routing) == (after.version, {})


def test_each_release_names_the_one_before(pipeline: Pipeline, released: Deployed, changed: Deployed) -> None:
    ledger = Ledger.of(pipeline.gateways.object_store(), pipeline.gateways.home_spec())
    manifest = ledger.release(changed.release)
    assert manifest is not None
    assert (manifest.commit, manifest.replaced) == (changed.candidate.commit.sha, released.release)


def test_no_user_of_the_service_has_noticed(pipeline: Pipeline, changed: Deployed) -> None:
    (counted,) = pipeline.users().values()
    assert counted["failed"] == 0, counted
    assert counted["requests"] > 0


def test_nightly_checks_pass_on_the_release_that_serves(pipeline: Pipeline, changed: Deployed) -> None:
    story = follow_job(pipeline, "nightly_e2e_job")
    assert story.status == "SUCCESS", story.failures


def follow_job(pipeline: Pipeline, job: str) -> RunStory:
    """Launch a job as a person does from the UI, and follow it."""
    selector = {"repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline", "jobName": job}
    answer = pipeline.api.ask(LAUNCH, parameters={"selector": selector, "runConfigData": {}})
    return follow(pipeline.api, answer["launchRun"]["run"]["runId"], print, 300)
