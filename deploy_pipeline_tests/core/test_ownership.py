"""Terraform leaves alone what the pipeline moves, or the deployment is refused before anything changes."""

from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ownership import TrafficResource, module_key, refuse_shared_traffic, traffic_resources
from deploy_pipeline.core.spec import Spec
from deploy_pipeline_tests.samples import SPEC, a_spec

BALANCER = {
    "name": "ml", "test_port": 8081, "blue_target_group": "ml-blue", "green_target_group": "ml-green",
    "green_service": "ml-inference-green",
}  # fmt: skip
ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app"


def two_colours() -> Spec:
    return a_spec(services={"inference": SPEC["services"]["inference"] | {"load_balancer": BALANCER}})


def resource(kind: str, ignored: set[str] | None, **values: Any) -> TrafficResource:
    ignores = None if ignored is None else frozenset(ignored)
    return TrafficResource(f"{kind}.this", kind, "this", "", values, ignores)


def alias(ignored: set[str] | None, **values: Any) -> TrafficResource:
    return resource("aws_lambda_alias", ignored, **{"name": "live", "function_name": "ml-data-prep"} | values)


def service(ignored: set[str], **values: Any) -> TrafficResource:
    return resource("aws_ecs_service", ignored, **{"name": "ml-inference"} | values)


def listener(ignored: set[str], **values: Any) -> TrafficResource:
    return resource("aws_lb_listener", ignored, **{"port": 80, "load_balancer_arn": f"{ARN}/ml/50dc6c"} | values)


@pytest.mark.parametrize(
    "guarded",
    [
        alias({"function_version", "routing_config"}),
        alias({"all"}),
        service({"task_definition", "desired_count", "load_balancer"}),
        listener({"default_action"}),
        # Not ours.
        alias(set(), name="blue"),
        alias(set(), function_name="arn:aws:lambda:us-east-1:123456789012:function:another"),
        service(set(), name="another"),
        listener(set(), port=9000),
        listener(set(), load_balancer_arn=f"{ARN}/another/50dc6c"),
    ],
)
def test_what_terraform_leaves_alone_is_deployed(guarded: TrafficResource) -> None:
    assert refuse_shared_traffic([guarded], two_colours(), "stack main") == ()


@pytest.mark.parametrize(
    ("shared", "manages", "line"),
    [
        (alias(set()), "function_version and routing_config", "[function_version, routing_config]"),
        (alias({"function_version", "tags"}), "routing_config", "[function_version, routing_config, tags]"),
        (
            alias({"routing_config"}, function_name="arn:aws:lambda:us-east-1:123456789012:function:ml-data-prep"),
            "function_version", "[function_version, routing_config]",
        ),
        (alias(set(), function_name=None), "function_version and routing_config", "[function_version, routing_config]"),
        (service({"task_definition"}), "desired_count", "[desired_count, task_definition]"),
        (
            service(set(), name="ml-inference-green"), "task_definition and desired_count",
            "[desired_count, task_definition]",
        ),
        (listener(set()), "default_action", "[default_action]"),
        (listener(set(), port=8081), "default_action", "[default_action]"),
        (listener(set(), load_balancer_arn=None), "default_action", "[default_action]"),
    ],
)  # fmt: skip
def test_what_terraform_would_move_back_is_refused_with_the_line_to_add(
    shared: TrafficResource, manages: str, line: str
) -> None:
    with pytest.raises(DeployError) as refused:
        refuse_shared_traffic([shared], two_colours(), "stack main")
    assert refused.value.what.endswith(f"{shared.address} manages {manages}")
    assert refused.value.todo.endswith(f"in {shared.address} lifecycle {{ ignore_changes = {line} }}")
    assert refused.value.where == "stack main"


def test_a_service_of_one_colour_keeps_its_size_in_terraform() -> None:
    assert refuse_shared_traffic([service({"task_definition"})], a_spec(), "stack main") == ()


def test_what_could_not_be_read_is_named() -> None:
    assert refuse_shared_traffic([alias(None)], a_spec(), "stack main") == ("aws_lambda_alias.this",)


@pytest.mark.parametrize(
    ("address", "expected"), [("module.a", "a"), ('module.a["x"].module.b', "a.b"), ("module.a[0].module.b[1]", "a.b")]
)
def test_a_module_is_named_as_in_terraforms_own_list(address: str, expected: str) -> None:
    assert module_key(address) == expected


def test_what_may_hold_traffic_is_found_in_modules_too() -> None:
    alias = {"type": "aws_lambda_alias", "name": "live", "mode": "managed", "values": {"name": "live", "tags": {}}}
    root = {
        "resources": [{**alias, "address": "aws_lambda_alias.live"}, {"type": "aws_vpc", "name": "v", "address": "v"}],
        "child_modules": [
            {"address": "module.a[0]", "resources": [{**alias, "address": "module.a[0].aws_lambda_alias.live"}]}
        ],
    }
    found = traffic_resources({"planned_values": {"root_module": root}})
    assert [(one.address, one.module, one.values) for one in found] == [
        ("aws_lambda_alias.live", "", {"name": "live"}),
        ("module.a[0].aws_lambda_alias.live", "a", {"name": "live"}),
    ]
    assert traffic_resources({}) == ()
