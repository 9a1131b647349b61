"""Data quality: what passes, and that every refusal names the column and the rows."""

from typing import Any

import pandas as pd
import pytest

from fargate.training.preprocess import validate_data_quality

GOOD: dict[str, list[Any]] = {"customer_id": ["uuid-1", "uuid-2"], "engagement_score": [0.5, 0.7]}


@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"sessions_last_7_days": [10, 15]},
        {"engagement_score": [0, 1]},
        {"converted": [0, 1]},
        {"note": [None, "unknown columns are not checked"]},
    ],
)
def test_validate_data_quality_accepts(extra: dict[str, list[Any]]) -> None:
    assert validate_data_quality(pd.DataFrame(GOOD | extra)) is True


def test_validate_data_quality_accepts_what_data_prep_writes(rows: pd.DataFrame) -> None:
    assert validate_data_quality(rows) is True


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"customer_id": ["uuid-1", None]}, r"null values in customer_id: 1 of 2 rows \(row 1\)"),
        ({"engagement_score": [0.5, None]}, r"null values in engagement_score: 1 of 2 rows \(row 1\)"),
        ({"minutes_last_7_days": [None, None]}, r"null values in minutes_last_7_days: 2 of 2 rows \(row 0, 1\)"),
        ({"customer_id": ["uuid-1", "uuid-1"]}, r"duplicate customer_id: 1 of 2 rows \(row 1\)"),
        ({"customer_id": [" ", "uuid-1"]}, r"blank customer_id: 1 of 2 rows \(row 0\)"),
        ({"engagement_score": [0.5, 1.01]}, r"engagement_score outside \[0, 1\]: 1 of 2 rows \(row 1\)"),
        ({"engagement_score": [-0.1, 0.5]}, "negative values in engagement_score"),
        ({"engagement_score": ["0.5", "high"]}, "engagement_score is not numeric"),
        ({"engagement_score": [True, False]}, "engagement_score is not numeric but bool"),
        ({"sessions_last_7_days": [1, -1]}, "negative values in sessions_last_7_days"),
        ({"minutes_last_7_days": [1.0, float("inf")]}, "infinite values in minutes_last_7_days"),
        ({"converted": [0, 2]}, "converted is neither 0 nor 1"),
    ],
)
def test_validate_data_quality_refuses(change: dict[str, list[Any]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        validate_data_quality(pd.DataFrame(GOOD | change))


def test_validate_data_quality_refuses_empty_data() -> None:
    with pytest.raises(ValueError, match="the data is empty"):
        validate_data_quality(pd.DataFrame({"customer_id": [], "engagement_score": []}))


def test_validate_data_quality_names_missing_columns() -> None:
    with pytest.raises(ValueError, match="missing columns: engagement_score"):
        validate_data_quality(pd.DataFrame({"customer_id": ["uuid-1"]}))


def test_validate_data_quality_shows_the_first_rows_only() -> None:
    df = pd.DataFrame({"customer_id": [f"c{n}" for n in range(9)], "engagement_score": [2.0] * 9})
    with pytest.raises(ValueError, match=r"9 of 9 rows \(row 0, 1, 2, 3, 4, \.\.\.\)"):
        validate_data_quality(df)


def test_validate_data_quality_counts_rows_by_position() -> None:
    df = pd.DataFrame(GOOD | {"sessions_last_7_days": [-1, 1]}, index=[40, 41])
    with pytest.raises(ValueError, match=r"\(row 0\)"):
        validate_data_quality(df)
