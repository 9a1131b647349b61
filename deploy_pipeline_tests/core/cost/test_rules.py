"""What the rules make of attributes: amounts checked by hand against the sheet, and reasons for no price."""

from decimal import Decimal
from typing import Any

import pytest

from deploy_pipeline.core.cost.resource_types import BY_USE, FREE, PRICED
from deploy_pipeline_tests.core.cost.plans import a_change, a_plan, costs, monthly

VOLUME = {"type": "gp3", "size": 100}
DATABASE = {"engine": "mysql", "instance_class": "db.t3.micro", "storage_type": "gp2", "allocated_storage": 20}
SEARCH = {"instance_type": "t3.small.search", "instance_count": 2}
ALARM = {"period": 60, "metric_name": "m"}


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        ("aws_instance", {"instance_type": "t3.micro"}, "7.592"),
        ("aws_instance", {"instance_type": "p3.2xlarge", "associate_public_ip_address": True}, "2237.45"),
        ("aws_instance", {"instance_type": "t3.micro", "root_block_device": [{"volume_size": 30}]}, "10.592"),
        ("aws_eks_node_group", {"instance_types": ["m5.large"], "scaling_config": [{"desired_size": 2}]}, "143.36"),
        ("aws_sagemaker_notebook_instance", {"instance_type": "ml.t3.medium"}, "37.20"),
        ("aws_ebs_volume", VOLUME, "8"),
        ("aws_ebs_volume", VOLUME | {"iops": 4000, "throughput": 225}, "17"),
        ("aws_ebs_volume", {"type": "io1", "size": 100, "iops": 1000}, "77.5"),
        ("aws_ebs_volume", {"size": 10}, "1"),
        ("aws_db_instance", DATABASE, "14.71"),
        ("aws_db_instance", DATABASE | {"multi_az": True}, "29.42"),
        ("aws_db_instance", DATABASE | {"storage_type": "io1", "iops": 1000}, "114.91"),
        ("aws_db_instance", DATABASE | {"storage_type": "gp3", "iops": 14000}, "54.71"),
        ("aws_rds_cluster_instance", {"engine": "aurora-postgresql", "instance_class": "db.r6g.large"}, "189.8"),
        ("aws_rds_cluster_instance", {"instance_class": "db.serverless"}, "0"),
        ("aws_elasticache_cluster", {"engine": "memcached", "node_type": "cache.t3.micro", "num_cache_nodes": 2},
         "24.82"),
        ("aws_elasticache_cluster", {"replication_group_id": "r"}, "0"),
        ("aws_elasticache_replication_group", {"engine": "valkey", "node_type": "cache.t4g.micro", "num_node_groups": 2,
                                               "replicas_per_node_group": 1}, "37.376"),
        ("aws_opensearch_domain", {"cluster_config": [SEARCH]}, "52.56"),
        ("aws_opensearch_domain", {"cluster_config": [SEARCH | {
            "dedicated_master_enabled": True, "dedicated_master_type": "t3.small.elasticsearch",
            "dedicated_master_count": 3}]}, "131.4"),
        ("aws_dynamodb_table", {"read_capacity": 10, "write_capacity": 10, "global_secondary_index": [
            {"read_capacity": 5, "write_capacity": 5}]}, "8.541"),
        ("aws_dynamodb_table", {"billing_mode": "PAY_PER_REQUEST"}, "0"),
        ("aws_redshift_cluster", {"node_type": "ra3.xlplus", "number_of_nodes": 2}, "1585.56"),
        ("aws_redshift_cluster", {"node_type": "dc2.large"}, "182.5"),
        ("aws_msk_cluster", {"number_of_broker_nodes": 3, "broker_node_group_info": [{
            "instance_type": "kafka.m5.large", "storage_info": [{"ebs_storage_info": [{"volume_size": 100}]}]}]},
         "489.9"),
        ("aws_kinesis_stream", {"shard_count": 2}, "21.9"),
        ("aws_kinesis_stream", {"stream_mode_details": [{"stream_mode": "ON_DEMAND"}]}, "29.2"),
        ("aws_lb", {"internal": True}, "16.425"),
        ("aws_lb", {"load_balancer_type": "network", "subnets": ["a", "b"]}, "23.725"),
        ("aws_lb", {"subnet_mapping": [{}, {}]}, "23.725"),
        ("aws_lb", {"load_balancer_type": "gateway"}, "9.125"),
        ("aws_elb", {}, "18.25"),
        ("aws_nat_gateway", {}, "32.85"),
        ("aws_eip", {}, "3.65"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface", "subnet_ids": ["a", "b"]}, "14.6"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Gateway"}, "0"),
        ("aws_eks_cluster", {}, "73"),
        ("aws_api_gateway_stage", {"cache_cluster_enabled": True, "cache_cluster_size": "0.5"}, "14.6"),
        ("aws_api_gateway_stage", {}, "0"),
        ("aws_wafv2_web_acl", {"rule": [{}, {}]}, "7"),
        ("aws_kms_key", {}, "1"),
        ("aws_secretsmanager_secret", {}, "0.4"),
        ("aws_cloudwatch_metric_alarm", ALARM, "0.1"),
        ("aws_cloudwatch_metric_alarm", ALARM | {"period": 10}, "0.3"),
        ("aws_cloudwatch_metric_alarm", {"metric_query": [{"metric": [ALARM]}, {"expression": "x"},
                                                          {"metric": [ALARM]}]},
         "0.2"),
        ("aws_route53_zone", {}, "0.5"),
        ("aws_iam_role", {}, "0"),
    ],
)  # fmt: skip
def test_a_rule_prices(kind: str, values: dict[str, Any], expected: str) -> None:
    assert monthly(kind, values) == Decimal(expected)


@pytest.mark.parametrize(
    ("kind", "values", "reason"),
    [
        ("aws_instance", {"instance_type": "z9.huge"}, "no price of z9.huge (ec2)"),
        ("aws_instance", {}, "instance_type is not given"),
        ("aws_instance", {"instance_type": ["t3.micro"]}, "instance_type is not text"),
        ("aws_instance", {"instance_type": "t3.micro", "instance_market_options": [{}]}, "spot prices vary"),
        ("aws_instance", {"instance_type": "t3.micro", "tenancy": "host"},
         "dedicated tenancy is not in the price sheet"),
        ("aws_ebs_volume", VOLUME | {"size": -1}, "size is not a plausible number"),
        ("aws_ebs_volume", VOLUME | {"size": 10**30}, "size is not a plausible number"),
        ("aws_ebs_volume", VOLUME | {"size": True}, "size is not a number"),
        ("aws_ebs_volume", VOLUME | {"size": "(sensitive)"}, "size is not a number"),
        ("aws_db_instance", DATABASE | {"engine": "oracle-ee"}, "engine oracle-ee is not in the price sheet"),
        ("aws_db_instance", DATABASE | {"multi_az": "yes"}, "multi_az is not true or false"),
        ("aws_opensearch_domain", {"cluster_config": "x"}, "cluster_config is not a list of blocks"),
        ("aws_opensearch_domain", {"cluster_config": [1]}, "cluster_config is not a list of blocks"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface", "subnet_ids": 3}, "subnet_ids is not a list"),
        ("aws_vpc_endpoint", {"vpc_endpoint_type": "Interface"}, "subnet_ids is known after apply"),
        ("aws_eks_node_group", {"scaling_config": [{"desired_size": 2}]}, "its instance_types are not exactly one"),
        ("aws_ecs_service", {"capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT"}]},
         "prices of FARGATE_SPOT vary"),
        ("aws_ecs_service", {"launch_type": "FARGATE", "task_definition": "arn:elsewhere"},
         "its aws_ecs_task_definition is not in this plan"),
        ("aws_something_new", {}, "aws_something_new is not in the price sheet"),
    ],
)  # fmt: skip
def test_a_rule_says_why_there_is_no_price(kind: str, values: dict[str, Any], reason: str) -> None:
    assert monthly(kind, values) == f"not priced: {reason}"


def test_what_is_known_after_apply_has_no_price() -> None:
    (cost,) = costs(a_plan(a_change("aws_ebs_volume", {"type": "gp3"}, after_unknown={"size": True})))
    assert (cost.after, cost.note) == (None, "not priced: size is known after apply")


@pytest.mark.parametrize(
    ("platform", "expected"),
    [({}, "36.0401"), ({"cpu_architecture": "ARM64"}, "28.8350")],
)
def test_a_service_costs_what_its_tasks_cost(platform: dict[str, str], expected: str) -> None:
    task = {"family": "f", "revision": 3, "cpu": "512", "memory": "1024", "runtime_platform": [platform]}
    service = {"launch_type": "FARGATE", "task_definition": "f:3", "desired_count": 2}
    plan = a_plan(a_change("aws_ecs_task_definition", task), a_change("aws_ecs_service", service))
    assert costs(plan)[1].after == pytest.approx(Decimal(expected))


def test_no_type_is_in_two_tables() -> None:
    assert len({*PRICED, *BY_USE, *FREE}) == len(PRICED) + len(BY_USE) + len(FREE)
