"""Reports of the form that Infracost documents; its program cannot be had without an account."""

import json
from decimal import Decimal
from typing import Any

import pytest

from deploy_pipeline.core.cost.infracost_report import UnreadableReport, argv, environment, read_report, together
from deploy_pipeline.core.cost.monthly import MonthlyCost, ResourceCost


def an_instance(monthly: str | None) -> dict[str, Any]:
    return {"name": "aws_instance.web_app", "metadata": {}, "hourlyCost": "1.01", "monthlyCost": monthly}


FUNCTION: dict[str, Any] = {
    "name": "aws_lambda_function.hello",
    "metadata": {},
    "hourlyCost": None,
    "monthlyCost": None,
}
REPORT: dict[str, Any] = {
    "version": "0.2",
    "currency": "USD",
    "projects": [
        {
            "name": "plan.json",
            "pastBreakdown": {"resources": [an_instance("560.64")], "totalMonthlyCost": "560.64"},
            "breakdown": {"resources": [an_instance("742.64"), FUNCTION], "totalMonthlyCost": "742.64"},
            "diff": {"resources": [an_instance("182")], "totalMonthlyCost": "182"},
        }
    ],
    "totalMonthlyCost": "742.64",
    "pastTotalMonthlyCost": "560.64",
    "diffTotalMonthlyCost": "182",
    "summary": {"unsupportedResourceCounts": {"aws_mwaa_environment": 2}},
}
COST = MonthlyCost(
    "Infracost",
    Decimal("560.64"),
    Decimal("742.64"),
    (
        ResourceCost("main", "aws_instance.web_app", Decimal("560.64"), Decimal("742.64"), changed=True),
        ResourceCost("main", FUNCTION["name"], Decimal(0), Decimal(0), True, on_use=True, note="depends on use"),
    ),
    on_use=1,
    unpriced=2,
)


def test_read_report() -> None:
    assert read_report("main", json.dumps(REPORT)) == COST


def test_read_report_of_a_version_without_past_totals() -> None:
    earlier = {name: value for name, value in REPORT.items() if "otalMonthlyCost" not in name}
    assert read_report("main", json.dumps(earlier)) == COST


@pytest.mark.parametrize(
    "report",
    [
        [],
        {},
        REPORT | {"currency": "EUR"},
        REPORT | {"projects": []},
        REPORT | {"projects": [{}]},
        REPORT | {"totalMonthlyCost": "NaN"},
        REPORT | {"totalMonthlyCost": "-1"},
        REPORT | {"totalMonthlyCost": "1e999999"},
        REPORT | {"totalMonthlyCost": {}},
        REPORT | {"summary": {"unsupportedResourceCounts": {"a": "x"}}},
        REPORT | {"pastTotalMonthlyCost": None, "projects": [REPORT["projects"][0] | {"pastBreakdown": None}]},
    ],
)
def test_read_report_refuses_another_form(report: Any) -> None:
    with pytest.raises(UnreadableReport):
        read_report("main", json.dumps(report))


@pytest.mark.parametrize("text", ["", "no", "[" * 100_000, " " * (32 * 2**20 + 1)])
def test_read_report_refuses_what_is_no_report(text: str) -> None:
    with pytest.raises(UnreadableReport):
        read_report("main", text)


def test_together_adds_stacks_up() -> None:
    both = together((COST, COST))
    assert (both.before, both.after, both.on_use, both.unpriced) == (Decimal("1121.28"), Decimal("1485.28"), 2, 4)


def test_the_command_names_the_plan_and_no_key() -> None:
    assert argv("/bin/infracost", "plan.json") == (
        "/bin/infracost", "breakdown", "--path", "plan.json", "--format", "json", "--no-color",
    )  # fmt: skip
    assert environment({"PATH": "/bin", "HOME": "/root"}, "key", "/empty") == {
        "PATH": "/bin",
        "HOME": "/empty",
        "INFRACOST_API_KEY": "key",
        "INFRACOST_CURRENCY": "USD",
        "INFRACOST_ENABLE_CLOUD": "false",
        "INFRACOST_SKIP_UPDATE_CHECK": "true",
    }
