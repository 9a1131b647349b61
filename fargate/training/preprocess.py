"""Checks feature rows before anything is learned from them. It repairs nothing: bad rows are refused, with numbers."""

import numpy as np
import pandas as pd

from fargate.training.features import CUSTOMER_ID, FEATURES, RULE_SCORE, TARGET

REQUIRED = (CUSTOMER_ID, RULE_SCORE)
SHOWN = 5


def count_text(mask: pd.Series) -> str:
    """How many rows a mask selects, and where the first ones are."""
    rows = [int(position) for position in np.flatnonzero(mask.to_numpy())]
    more = ", ..." if len(rows) > SHOWN else ""
    return f"{len(rows)} of {len(mask)} rows (row {', '.join(map(str, rows[:SHOWN]))}{more})"


def check_columns(df: pd.DataFrame) -> None:
    """Require `customer_id` and `engagement_score`, and at least one row."""
    missing = [column for column in REQUIRED if column not in df.columns]
    if missing:
        raise ValueError(f"missing columns: {', '.join(missing)}")
    if df.empty:
        raise ValueError("no rows: the data is empty")


def check_nulls(df: pd.DataFrame, columns: list[str]) -> None:
    """Refuse null values in any known column."""
    for column in columns:
        if df[column].isna().any():
            raise ValueError(f"null values in {column}: {count_text(df[column].isna())}")


def check_identity(df: pd.DataFrame) -> None:
    """Require one row per customer, and no blank customer id."""
    blank = df[CUSTOMER_ID].astype(str).str.strip() == ""
    if blank.any():
        raise ValueError(f"blank {CUSTOMER_ID}: {count_text(blank)}")
    repeated = df[CUSTOMER_ID].duplicated()
    if repeated.any():
        raise ValueError(f"duplicate {CUSTOMER_ID}: {count_text(repeated)}")


def check_numbers(df: pd.DataFrame, columns: list[str]) -> None:
    """Require finite numbers that are not negative."""
    for column in columns:
        if not pd.api.types.is_numeric_dtype(df[column]) or pd.api.types.is_bool_dtype(df[column]):
            raise ValueError(f"{column} is not numeric but {df[column].dtype}")
        infinite = pd.Series(~np.isfinite(df[column].to_numpy(dtype=float)))
        if infinite.any():
            raise ValueError(f"infinite values in {column}: {count_text(infinite)}")
        if (df[column] < 0).any():
            raise ValueError(f"negative values in {column}: {count_text(df[column] < 0)}")


def check_ranges(df: pd.DataFrame) -> None:
    """Require a score within 0..1 and, where there is one, a label of 0 or 1."""
    outside = df[RULE_SCORE] > 1
    if outside.any():
        raise ValueError(f"{RULE_SCORE} outside [0, 1]: {count_text(outside)}")
    if TARGET in df.columns and not df[TARGET].isin([0, 1]).all():
        raise ValueError(f"{TARGET} is neither 0 nor 1: {count_text(~df[TARGET].isin([0, 1]))}")


def validate_data_quality(df: pd.DataFrame) -> bool:
    """True when the rows are fit to learn from.

    Needs `customer_id` and `engagement_score`; every other column is optional, and checked where it is known. Raises
    ValueError that names the column and the first rows for: no rows, null values, duplicate or blank customers, text
    or infinite or negative numbers, a score outside [0, 1], a label other than 0 or 1.
    """
    check_columns(df)
    numbers = [column for column in (RULE_SCORE, *FEATURES, TARGET) if column in df.columns]
    check_nulls(df, [CUSTOMER_ID, *numbers])
    check_identity(df)
    check_numbers(df, numbers)
    check_ranges(df)
    return True
