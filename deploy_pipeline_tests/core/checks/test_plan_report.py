"""The kept plan has no sensitive value in it."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Report
from deploy_pipeline.core.checks.plan_report import MASK, masked_plan, plan_reports

SECRET = "s3cret"
PLAN: dict[str, Any] = {
    "format_version": "1.2",
    "terraform_version": "1.11.4",
    "variables": {"password": {"value": SECRET}},
    "planned_values": {
        "outputs": {"key": {"sensitive": True, "value": SECRET}, "url": {"sensitive": False, "value": SECRET}},
        "root_module": {
            "resources": [
                {
                    "address": "aws_db_instance.a",
                    "values": {"password": SECRET, "size": 3, "users": [{"name": "n", "token": SECRET}, {"name": "m"}]},
                    "sensitive_values": {"password": True, "users": [{"token": True}]},
                }
            ],
            "child_modules": [
                {
                    "address": "module.m",
                    "resources": [{"address": "b", "values": {"x": SECRET}, "sensitive_values": {"x": True}}],
                }
            ],
        },
    },
    "resource_changes": [
        {
            "address": "aws_db_instance.a",
            "type": "aws_db_instance",
            "change": {
                "actions": ["update"],
                "before": {"password": SECRET, "size": 2},
                "after": {"password": SECRET, "size": 3},
                "before_sensitive": {"password": True},
                "after_sensitive": {"password": True},
                "generated_config": f'password = "{SECRET}"',
            },
        },
        {"address": "x.all", "type": "x", "change": {"actions": ["create"], "after": SECRET, "after_sensitive": True}},
    ],
    "resource_drift": [
        {"address": "d", "change": {"actions": ["update"], "before": [SECRET], "before_sensitive": [True]}}
    ],
    "output_changes": {
        "key": {"actions": ["create"], "after": SECRET, "after_sensitive": True},
        "address": {"actions": ["update"], "before": SECRET, "after": SECRET},
    },
    "prior_state": {"values": {"x": SECRET}},
    "something_new": SECRET,
    "configuration": {"provider_config": {"aws": {"name": "aws"}}},
}


def test_masked_plan_has_no_secret_and_keeps_the_rest() -> None:
    kept = masked_plan(PLAN)
    assert SECRET not in json.dumps(kept)
    assert sorted(kept) == [
        "configuration", "format_version", "output_changes", "planned_values", "resource_changes", "resource_drift",
        "terraform_version", "variables",
    ]  # fmt: skip
    (resource,) = kept["planned_values"]["root_module"]["resources"]
    users = [{"name": "n", "token": MASK}, {"name": "m"}]
    assert resource["values"] == {"password": MASK, "size": 3, "users": users}
    assert kept["planned_values"]["outputs"] == {
        "key": {"sensitive": True, "value": MASK}, "url": {"sensitive": False, "value": MASK},
    }  # fmt: skip
    assert kept["output_changes"]["address"] == {"actions": ["update"], "before": MASK, "after": MASK}
    assert kept["resource_changes"][0]["change"]["after"] == {"password": MASK, "size": 3}
    assert kept["variables"] == {"password": {}}


@pytest.mark.parametrize("plan", [{}, {"planned_values": None}, {"planned_values": {}, "resource_changes": [{}]}])
def test_masked_plan_refuses_what_is_no_plan(plan: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, AttributeError)):
        masked_plan(plan)


def test_plan_reports() -> None:
    reports = (Report("plan-main.json", b"1"), Report("plan-data.json", b"2"), Report("trivy_config.json", b"3"))
    assert plan_reports(reports) == {"main": b"1", "data": b"2"}
