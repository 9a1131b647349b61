"""Deployments that do only what changed, through the running pipeline, and what is live after each.

The tests stand in the order of a working day: each starts from what the one before it left live.
"""

from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from deploy_pipeline.cli.demo_report import containers_of
from deploy_pipeline.cli.follow import RunStory, follow
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline_tests.e2e.conftest import Pipeline

pytestmark = pytest.mark.real

FUNCTIONS = ("data_prep", "engagement_api", "explain_engagement", "pre_cleanup", "start_training")
IMAGES = ("inference", "training")
MENDED = ("fargate/inference/Dockerfile", "fargate/inference/requirements.txt")
STACK = frozenset({"init_terraform", "plan_terraform", "apply_terraform"})
ALL = STACK.union(
    {f"{step}[{name}]" for step in ("build_image", "scan_image", "push_image") for name in IMAGES},
    {f"{step}[{name}]" for step in ("package_function", "publish_function") for name in FUNCTIONS},
    {"deploy_service[inference]"},
)
OUTPUTS = """query($run: ID!) { logsForRun(runId: $run, limit: 5000) { ... on EventConnection { events {
  ... on ExecutionStepOutputEvent { stepKey metadataEntries { label
    ... on TextMetadataEntry { text } ... on FloatMetadataEntry { floatValue } } } } } } }"""
LAUNCH = """mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename ... on LaunchRunSuccess { run { runId } } } }"""


@dataclass(frozen=True)
class Outcome:
    """A deployment that succeeded: the release, and what each step said of its output."""

    release: Deployed
    outputs: dict[str, dict[str, Any]]

    @property
    def reused(self) -> dict[str, str]:
        """Step -> the commit whose result it took over."""
        return {step: said["reused from"] for step, said in self.outputs.items() if "reused from" in said}

    @property
    def worked(self) -> set[str]:
        """The steps that could have taken something over, and did their work."""
        return set(ALL - set(self.reused))


def outputs_of(pipeline: Pipeline, run_id: str) -> dict[str, dict[str, Any]]:
    events = pipeline.api.ask(OUTPUTS, run=run_id)["logsForRun"]["events"]
    return {
        event["stepKey"]: {each["label"]: each.get("text", each.get("floatValue")) for each in event["metadataEntries"]}
        for event in events if event
    }  # fmt: skip


def outcome(pipeline: Pipeline, sha: str, story: RunStory) -> Outcome:
    """The outcome, when the release is live and serves."""
    assert story.status == "SUCCESS", story.failures
    release = Ledger.of(pipeline.gateways.object_store(), pipeline.gateways.home_spec()).live()
    assert release is not None
    assert release.candidate.commit.sha == sha
    assert {step for step in story.durations if step.startswith("smoke_test")} != set()
    assert pipeline.developer.statuses(sha)[0]["state"] == "success"
    assert_serves(pipeline, release)
    return Outcome(release, outputs_of(pipeline, story.run_id))


def assert_serves(pipeline: Pipeline, release: Deployed) -> None:
    """What AWS runs is what the release says."""
    functions, ecr = pipeline.gateways.functions(), pipeline.gateways.ecr()
    for function in release.functions:
        assert functions.alias(function.function_name, function.alias).version == function.version
    for image in release.images:
        sha = release.candidate.commit.sha
        assert {ecr.digest(image.repository, tag) for tag in (image.tag, sha, "latest")} == {image.digest}
    (service,) = release.services
    assert service.image == next(image.pinned for image in release.images if image.name == "inference")
    assert len(containers_of(service.image)) == service.running > 0


def deployed(pipeline: Pipeline, title: str, changes: dict[str, bytes | None]) -> Outcome:
    sha = pipeline.merge(title, changes)
    return outcome(pipeline, sha, pipeline.deployment(sha))


def forced(pipeline: Pipeline) -> Outcome:
    """The head again, as a person launches it from the Launchpad."""
    selector = {
        "repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline", "jobName": "deploy_job",
    }  # fmt: skip
    config = {"ops": {"resolve_candidate": {"config": {"force": True}}}}
    answer = pipeline.api.ask(LAUNCH, parameters={"selector": selector, "runConfigData": config})
    story = follow(pipeline.api, answer["launchRun"]["run"]["runId"], print, 900)
    head = pipeline.gateways.github().branch_head("acme/engagement-ml", "main", None)
    assert head is not None
    return outcome(pipeline, head.sha, story)


@pytest.fixture(scope="module")
def everything(pipeline: Pipeline) -> Outcome:
    """A release in which each image, each function and the stack has changed; what other tests broke is whole again."""
    changes: dict[str, bytes | None] = {f"lambda/{name}/RELEASE": b"first\n" for name in FUNCTIONS}
    changes |= {f"fargate/{name}/release.py": b'"""The first release."""\n' for name in IMAGES}
    changes |= {name: pipeline.source(name) for name in MENDED}
    outputs = pipeline.source("terraform/main/outputs.tf")
    return deployed(pipeline, "Change everything", {**changes, "terraform/main/outputs.tf": outputs + b"\n"})


def test_everything_changed_does_everything_and_leaves_keys(everything: Outcome) -> None:
    assert everything.worked == ALL
    assert {step for step in ALL if "content key" not in everything.outputs[step]} == set()


def test_documentation_alone_does_nothing_but_check_and_tell(pipeline: Pipeline, everything: Outcome) -> None:
    notes = {"docs/notes.md": b"Read me.\n", "README.md": b"Also.\n", "fargate/inference/NOTES.md": b"Not sent.\n"}
    found = deployed(pipeline, "Write notes", {**notes, "lambda/data_prep/tests/test_notes.py": b"# Not packaged.\n"})
    assert found.worked == set()
    assert set(found.reused.values()) == {everything.release.candidate.commit.sha}
    assert all(found.outputs[step]["saved seconds"] >= 0 and found.outputs[step]["why"] for step in ALL)
    before, after = everything.release, found.release
    assert [image.digest for image in after.images] == [image.digest for image in before.images]
    assert [each.version for each in after.functions] == [each.version for each in before.functions]
    assert after.stacks == before.stacks
    assert [each.task_definition for each in after.services] == [each.task_definition for each in before.services]


def test_one_function_changed_moves_that_function_alone(pipeline: Pipeline, everything: Outcome) -> None:
    found = deployed(pipeline, "Change one function", {"lambda/data_prep/RELEASE": b"second\n"})
    assert found.worked == {
        "package_function[data_prep]", "publish_function[data_prep]", "plan_terraform", "apply_terraform",
    }  # fmt: skip
    versions = {each.name: each.version for each in everything.release.functions}
    moved = {each.name for each in found.release.functions if each.version != versions[each.name]}
    assert moved == {"data_prep"}


def test_one_image_changed_moves_the_service_that_runs_it(pipeline: Pipeline, everything: Outcome) -> None:
    found = deployed(pipeline, "Change one image", {"fargate/inference/release.py": b'"""The second."""\n'})
    steps = {f"{step}[inference]" for step in ("build_image", "scan_image", "push_image", "deploy_service")}
    assert found.worked == {*steps, "plan_terraform", "apply_terraform"}
    before = {image.name: image.digest for image in everything.release.images}
    assert {image.name for image in found.release.images if image.digest != before[image.name]} == {"inference"}


def test_an_image_that_is_gone_from_the_registry_is_built_again(pipeline: Pipeline, everything: Outcome) -> None:
    release = Ledger.of(pipeline.gateways.object_store(), pipeline.gateways.home_spec()).live()
    assert release is not None
    training = next(image for image in release.images if image.name == "training")
    vendor = boto3.client("ecr", region_name="us-east-1", endpoint_url=pipeline.env["AWS_ENDPOINT_URL"])
    tags = {name: training.digest for name in ("latest", training.tag)}
    found = vendor.describe_images(repositoryName=training.repository, imageIds=[{"imageDigest": training.digest}])
    tags |= dict.fromkeys(found["imageDetails"][0].get("imageTags", []), training.digest)
    vendor.batch_delete_image(repositoryName=training.repository, imageIds=[{"imageTag": tag} for tag in tags])
    vendor.batch_delete_image(repositoryName=training.repository, imageIds=[{"imageDigest": training.digest}])
    assert not pipeline.gateways.ecr().has(training.repository, training.digest)
    again = deployed(pipeline, "Write more notes", {"docs/more.md": b"More.\n"})
    assert {f"{step}_image[training]" for step in ("build", "scan", "push")} <= again.worked
    assert not {f"{step}_image[inference]" for step in ("build", "scan", "push")} & again.worked


def test_force_does_everything_again(pipeline: Pipeline, everything: Outcome) -> None:
    assert forced(pipeline).worked == ALL
