"""The sheet that comes with the pipeline, and sheets that are refused."""

import json
from datetime import date
from decimal import Decimal

import pytest

from deploy_pipeline.core.cost.price_sheet import PER_MONTH, read_price_sheet
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.core.cost.plans import SHEET


def test_the_sheet_names_its_region_and_its_date() -> None:
    assert (SHEET.region, SHEET.dated) == ("us-east-1", date(2025, 3, 2))


@pytest.mark.parametrize("group", sorted(SHEET.groups))
def test_every_price_has_a_unit_a_source_and_a_date(group: str) -> None:
    assert SHEET.groups[group]
    for price in SHEET.groups[group].values():
        assert price.amount > 0
        assert price.unit.rpartition("-")[2] in PER_MONTH
        assert price.source.startswith("https://aws.amazon.com/")
        assert price.as_of >= SHEET.dated


@pytest.mark.parametrize(
    ("group", "name", "expected"),
    [
        ("nat-gateway", "gateway", "32.850"),
        ("kms", "key", "1.00"),
        ("lambda-provisioned", "x86_64", "10.9500876"),
        ("ec2", "m5.24xlarge", "3363.840"),
        ("ec2", "c5.9xlarge", "1116.90"),
    ],
)
def test_monthly_counts_730_hours(group: str, name: str, expected: str) -> None:
    assert SHEET.monthly(group, name) == Decimal(expected)


GROUP = {"unit": "hour", "source": "https://aws.amazon.com/", "prices": {"a": "1"}}


@pytest.mark.parametrize(
    "sheet",
    [
        {"region": "us-east-1", "groups": {"g": GROUP}},
        {"date": "2026-01-01", "groups": {"g": GROUP}},
        {"date": "soon", "region": "us-east-1", "groups": {"g": GROUP}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"prices": {"a": "0"}}}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"prices": {"a": "NaN"}}}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"prices": {"a": "x"}}}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"source": "hearsay"}}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"unit": "fortnight"}}},
        {"date": "2026-01-01", "region": "us-east-1", "groups": {"g": GROUP | {"as_of": "2025-12-31"}}},
        [],
    ],
)
def test_read_price_sheet_refuses_what_is_not_whole(sheet: object) -> None:
    with pytest.raises(DeployError, match="price sheet cannot be read"):
        read_price_sheet(json.dumps(sheet))
