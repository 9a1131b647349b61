"""Limits, summaries and tables."""

from decimal import Decimal
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Table
from deploy_pipeline.core.cost.monthly import MonthlyCost, ResourceCost, dollars, signed, total
from deploy_pipeline.core.cost.report import assess
from deploy_pipeline.core.spec_infrastructure_checks import CostCheck

SOURCE = "price sheet 2026-01-01"


def a_cost(before: str, after: str, address: str = "aws_a.a", **changes: Any) -> ResourceCost:
    return ResourceCost("main", address, Decimal(before), Decimal(after), **{"changed": before != after} | changes)


def the_cost(*resources: ResourceCost, remarks: tuple[str, ...] = ()) -> MonthlyCost:
    return total(SOURCE, resources, remarks)


def test_assess_a_small_increase() -> None:
    unknown = ResourceCost("main", "aws_x.x", None, None, changed=True, note="not priced: because")
    cost = the_cost(a_cost("0", "0", "aws_f.f"), a_cost("10", "12.345", note="1 × a"), unknown,
                    a_cost("0", "0", "aws_u.u", on_use=True, note="depends on use: requests"))  # fmt: skip
    assert assess(cost, CostCheck()) == Assessment(
        "passed",
        "$12.35 a month (+$2.35) by price sheet 2026-01-01; 1 resource depends on use, 1 is not priced",
        (Finding("not-priced", "not priced: because", "notice", subject="aws_x.x", blocks=False),),
        (
            Table(f"Monthly cost by {SOURCE}", ("Before", "After", "Difference"), (("$10.00", "$12.35", "+$2.35"),)),
            Table(
                f"Resources by {SOURCE}",
                ("Stack", "Resource", "Before", "After", "Difference", "Note"),
                (
                    ("main", "aws_a.a", "$10.00", "$12.35", "+$2.35", "1 × a"),
                    ("main", "aws_x.x", "?", "?", "?", "not priced: because"),
                    ("main", "aws_u.u", "$0.00", "$0.00", "+$0.00", "depends on use: requests"),
                ),
            ),
        ),
        {"monthly_before": 10.0, "monthly_after": 12.35, "monthly_difference": 2.35, "source": SOURCE},
    )


@pytest.mark.parametrize(
    ("before", "after", "limits", "exceeded"),
    [
        ("0", "500", {}, []),
        ("0", "500.01", {}, ["$0.00 to $500.01 a month (+$500.01): more than the limit of $500.00 "
                             "(maximum_increase_usd)"]),
        ("0", "9000", {"maximum_increase_usd": None}, []),
        ("0", "9000", {"maximum_increase_usd": None, "maximum_increase_percent": 1}, []),
        ("100", "110", {"maximum_increase_percent": 10}, []),
        ("100", "111", {"maximum_increase_percent": 10},
         ["$100.00 to $111.00 a month (+$11.00, 11.0 %): more than the limit of 10 % (maximum_increase_percent)"]),
        ("9000", "1", {"maximum_increase_percent": 0, "maximum_increase_usd": 0}, []),
    ],
)  # fmt: skip
def test_assess_limits(before: str, after: str, limits: dict[str, Any], exceeded: list[str]) -> None:
    result = assess(the_cost(a_cost(before, after)), CostCheck(**limits))
    assert result.state == ("failed" if exceeded else "passed")
    assert [f.message for f in result.findings] == [f"the cost rises from {text}" for text in exceeded]


def test_a_failed_check_says_so_first() -> None:
    summary = assess(the_cost(a_cost("1", "900"), remarks=("Infracost failed: no network",)), CostCheck()).summary
    assert summary == (
        "$900.00 a month (+$899.00), above the limit of $500.00 (maximum_increase_usd), by price sheet 2026-01-01; "
        "Infracost failed: no network"
    )


def test_nothing_that_can_be_priced_is_not_audited() -> None:
    result = assess(the_cost(ResourceCost("main", "aws_x.x", None, None, changed=True)), CostCheck())
    assert (result.state, result.summary) == ("not_audited", f"none of the 1 resources can be priced ({SOURCE})")


def test_a_plan_without_resources_costs_nothing() -> None:
    assert assess(the_cost(), CostCheck()).summary == "$0.00 a month (+$0.00) by price sheet 2026-01-01"


def test_the_table_has_changes_first_and_is_capped() -> None:
    many = [a_cost("9", "9", f"aws_a.same{number:02}") for number in range(60)]
    rows = (
        assess(the_cost(*many, a_cost("5", "1", "aws_a.less"), a_cost("0", "1", "aws_a.new")), CostCheck())
        .tables[1]
        .rows
    )
    assert [row[1] for row in rows[:3]] == ["aws_a.less", "aws_a.new", "aws_a.same00"]
    assert (len(rows), rows[-1]) == (51, ("", "and 12 more", "", "", "", ""))


@pytest.mark.parametrize(
    ("amount", "plainly", "with_sign"),
    [
        ("1234.5", "$1,234.50", "+$1,234.50"),
        ("-3", "-$3.00", "-$3.00"),
        ("0.005", "$0.01", "+$0.01"),
        ("-0.001", "$0.00", "+$0.00"),
    ],
)
def test_amounts(amount: str, plainly: str, with_sign: str) -> None:
    assert (dollars(Decimal(amount)), signed(Decimal(amount))) == (plainly, with_sign)
