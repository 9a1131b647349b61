"""The keys of services and stacks, what the spec has to do with them, and when a state is the one that was left."""

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy_pipeline.core.candidate import Candidate, ServiceDeployment
from deploy_pipeline.core.content_key import ContentKey, Entry, Tree, no_key
from deploy_pipeline.core.image_key import BuildInputs, image_key
from deploy_pipeline.core.service_key import service_key
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.stack_key import plan_key, source_key
from deploy_pipeline.core.terraform_state import is_state
from deploy_pipeline_tests.samples import SPEC, a_commit, a_pushed_image, a_spec

FAMILY = "arn:aws:ecs:us-east-1:1:task-definition/ml-inference"
TREE = Tree((Entry("infra/main.tf", "file", 0o644, "aa"),))


def service_with(spec: Spec, **image: Any) -> ContentKey:
    deployment = ServiceDeployment(Candidate(a_commit(), spec), "inference", a_pushed_image(**image))
    return service_key(deployment, f"{FAMILY}:1")


@pytest.mark.parametrize("change", [{"health_path": "/ready"}, {"port": 8081}, {"stable_within_seconds": 600}])
def test_service_key_is_of_the_whole_service(change: dict[str, Any]) -> None:
    service = SPEC["services"]["inference"] | change
    assert service_with(a_spec(services={"inference": service})) != service_with(a_spec())


def test_service_key_is_of_the_image_and_the_task_definition() -> None:
    deployment = ServiceDeployment(Candidate(a_commit(), a_spec()), "inference", a_pushed_image())
    base = service_with(a_spec())
    assert service_key(deployment, f"{FAMILY}:1") == base
    assert service_key(deployment, f"{FAMILY}:2") != base
    assert service_with(a_spec(), digest="sha256:" + "e" * 64) != base
    assert service_with(a_spec(), tag="another") == base


def every_key(spec: Spec) -> list[ContentKey]:
    inputs = BuildInputs(TREE, TREE.entries[0], {}, "classic")
    stack = spec.terraform["main"]
    source = source_key(stack, TREE, "1.11")
    return [
        image_key(spec.images["inference"], inputs), service_with(spec), source,
        plan_key(source, dict(stack.variables)),
    ]  # fmt: skip


def test_what_the_spec_says_elsewhere_or_in_comments_is_in_no_key() -> None:
    text = json.dumps(SPEC, indent=1)
    quiet = SPEC | {"notifications": {}, "smoke_tests": [], "nightly_e2e": {"cron": "0 3 * * *"}}
    commented = load_spec(b"# A comment.\n" + text.encode() + b"\n# Another.\n", "deploy.yaml")
    assert every_key(commented) == every_key(load_spec(text.encode(), "deploy.yaml"))
    assert every_key(Spec.model_validate(quiet)) == every_key(a_spec())


@pytest.mark.parametrize(
    "change",
    [{"directory": "infra/other"}, {"backend": SPEC["terraform"]["main"]["backend"] | {"key": "other"}}],
)
def test_source_key_is_of_where_the_stack_and_its_state_lie(change: dict[str, Any]) -> None:
    other = a_spec(terraform={"main": SPEC["terraform"]["main"] | change}).terraform["main"]
    assert source_key(other, TREE, "1.11") != source_key(a_spec().terraform["main"], TREE, "1.11")


def test_a_plan_of_a_source_in_doubt_has_no_key() -> None:
    doubtful = source_key(a_spec().terraform["main"], replace(TREE, doubt="reads the world"), "1.11")
    assert doubtful == no_key("reads the world")
    assert plan_key(doubtful, {}) == doubtful


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"serial": 7, "lineage": "l"}', True),
        (b'{"serial": 8, "lineage": "l"}', False),
        (b'{"serial": 7, "lineage": "m"}', False),
        (b'{"serial": "7", "lineage": "l"}', False),
        (b'{"serial": 7}', False),
        (b"[]", False),
        (b"not JSON", False),
        (b"\xff", False),
        (b"", False),
        (None, False),
    ],
)
def test_is_state(body: bytes | None, expected: bool) -> None:
    assert is_state(body, 7, "l") is expected
