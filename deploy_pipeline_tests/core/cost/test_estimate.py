"""Whole plans: real ones, and ones that want to mislead."""

import json
from decimal import Decimal
from typing import Any

import pytest

from deploy_pipeline.core.cost.estimate import regions
from deploy_pipeline.core.cost.monthly import ResourceCost, cents, total
from deploy_pipeline.core.cost.planned import LARGEST_PLAN, UnreadablePlan, read_resources
from deploy_pipeline_tests.core.cost.plans import a_change, a_plan, costs, real_plan

CREATED = {
    "aws_autoscaling_group.this": "767.96",
    "aws_instance.gpu": "742.38",
    "aws_sagemaker_endpoint.this": "537.57",
    'aws_ecs_service.this["big.one"]': "151.46",
    "aws_opensearch_domain.this": "55.00",
    "aws_lambda_provisioned_concurrency_config.this": "52.56",
    'aws_ecs_service.this["small"]': "43.34",
    "aws_nat_gateway.this": "32.85",
    "aws_db_instance.this": "27.96",
    "aws_lb.this": "23.73",
    "aws_elasticache_replication_group.this": "23.36",
    "aws_ecs_service.one": "18.02",
    "aws_vpc_endpoint.ecr": "14.60",
    "aws_eip.this": "3.65",
    "aws_dynamodb_table.this": "2.85",
    "aws_kms_key.this": "1.00",
    "aws_cloudwatch_metric_alarm.this": "0.10",
}
VOLUME = {"type": "gp2", "size": 10}
TASK = {"cpu": "1024", "memory": "2048"}


def test_a_real_plan_of_new_resources() -> None:
    found = costs(real_plan("plan_of_new_resources.json"))
    assert {cost.address: str(cents(cost.after)) for cost in found if cost.after} == CREATED
    assert [cost.address for cost in found if cost.after is None] == ["aws_mwaa_environment.this"]


def test_a_real_plan_of_changes_has_both_sides() -> None:
    found = costs(real_plan("plan_of_changes.json"))
    sides = {
        c.address: (str(cents(c.before or Decimal(0))), str(cents(c.after or Decimal(0))), c.changed) for c in found
    }
    assert sides == {
        "aws_dynamodb_table.this": ("0.00", "0.00", True),
        "aws_ebs_volume.grown": ("1.60", "8.00", True),
        "aws_ecs_cluster.this": ("0.00", "0.00", False),
        "aws_ecs_service.this": ("36.04", "144.16", True),
        "aws_ecs_task_definition.this": ("0.00", "0.00", True),
        "aws_eip.kept": ("3.65", "3.65", False),
        "aws_kms_key.gone[0]": ("1.00", "0.00", True),
        "aws_sqs_queue.this": ("0.00", "0.00", False),
    }


def test_a_resource_without_a_price_on_one_side_counts_on_neither() -> None:
    (cost,) = costs(a_plan(a_change("aws_ebs_volume", {"type": "new", "size": 1}, before=VOLUME)))
    note = "not priced: no price of new (ebs)"
    assert cost == ResourceCost("main", "aws_ebs_volume.this", None, None, changed=True, note=note)
    assert total("sheet", (cost,)).difference == 0


@pytest.mark.parametrize(("actions", "after"), [(["forget"], None), (["create", "forget"], VOLUME)])
def test_what_terraform_forgets_goes_on_to_cost(actions: list[str], after: Any) -> None:
    (cost,) = costs(a_plan(a_change("aws_ebs_volume", after, before=VOLUME, actions=actions)))
    assert (cost.before, cost.after) == (Decimal(1), Decimal(1 if after is None else 2))


def test_references_are_looked_up_within_the_module() -> None:
    service = {"launch_type": "FARGATE", "desired_count": 1}
    expressions = {"task_definition": {"references": ["aws_ecs_task_definition.t.arn", "aws_ecs_task_definition.t"]}}
    module = {"resources": [{"address": "aws_ecs_service.s", "expressions": expressions}]}
    plan = a_plan(
        a_change("aws_ecs_task_definition", TASK, address='module.a["x"].aws_ecs_task_definition.t'),
        a_change("aws_ecs_task_definition", {}, address="aws_ecs_task_definition.t"),
        a_change("aws_ecs_service", service, address='module.a["x"].aws_ecs_service.s')
        | {"module_address": 'module.a["x"]'},
        configuration={"root_module": {"module_calls": {"a": {"module": module}}}},
    )
    assert costs(plan)[2].after == Decimal("36.0401")


def test_regions_are_those_that_resources_name() -> None:
    arn = {"arn": "arn:aws:ec2:eu-west-1:1:volume/v"}
    plan = a_plan(a_change("aws_ebs_volume", arn), a_change("aws_eip", {"region": "us-west-2"}),
                  a_change("aws_ebs_volume", {"availability_zone": "us-east-1a"}))  # fmt: skip
    assert set(regions(read_resources(plan))) == {"eu-west-1", "us-west-2", "us-east-1"}


@pytest.mark.parametrize(
    "plan",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"format_version": "1.2"}',
        json.dumps({"format_version": "1.2", "planned_values": {}, "resource_changes": "x"}).encode(),
        a_plan(1),
        a_plan(a_change("aws_eip", "x")),
        a_plan(a_change("aws_eip", {}, actions=None)),
        a_plan(a_change("aws_eip", {}, actions=[{}])),
        a_plan(a_change("aws_eip", {}, after_unknown=[1])),
        a_plan(a_change("aws_eip", {}) | {"module_address": ["m"]}),
        a_plan(a_change("aws_eip", {}) | {"type": None}),
        a_plan(errored=True),
        a_plan(configuration={"root_module": {"resources": [{}]}}),
        a_plan(configuration={"root_module": {"resources": [{"address": "aws_eip.this", "expressions": 1}]}}),
        a_plan(configuration=[1]),
        a_plan(a_change("aws_ebs_volume", {"size": 1})).replace(b'"size": 1', b'"size": NaN'),
        a_plan(a_change("aws_ebs_volume", {"size": 1})).replace(b'"size": 1', b'"size": ' + b"9" * 5000),
    ],
)
def test_read_resources_refuses_what_is_no_whole_plan(plan: bytes) -> None:
    with pytest.raises(UnreadablePlan):
        read_resources(plan)


def test_read_resources_refuses_a_plan_that_is_too_large() -> None:
    with pytest.raises(UnreadablePlan, match="100 MiB, and at most 32 MiB are read"):
        read_resources(bytes(100 * 2**20))
    assert LARGEST_PLAN == 32 * 2**20


@pytest.mark.parametrize("number", ["1e999999", "-1", "1e-999999999999", "99999999999"])
def test_a_hostile_number_has_no_price_or_costs_nothing(number: str) -> None:
    plan = a_plan(a_change("aws_ebs_volume", {"size": 1})).replace(b'"size": 1', f'"size": {number}'.encode())
    (cost,) = costs(plan)
    assert cost.after is None or cost.after == 0


@pytest.mark.parametrize("expression", ["x", [1], {"references": "x"}, {"references": [1]}, {"a": [[{"b": {}}]]}])
def test_a_hostile_expression_leads_nowhere(expression: Any) -> None:
    resource = {"address": "aws_ecs_service.this", "expressions": {"task_definition": expression}}
    plan = a_plan(
        a_change("aws_ecs_service", {"launch_type": "FARGATE"}),
        configuration={"root_module": {"resources": [resource]}},
    )
    assert costs(plan)[0].note == "not priced: its aws_ecs_task_definition is not in this plan"
