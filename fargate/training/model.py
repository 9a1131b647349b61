"""Fits the conversion model. Pure: no S3, no files, no clock; whether it is any good is for `evaluation`.

Logistic regression on the logarithm of the counts: calibrated enough to be read as a probability, explainable by its
coefficients, a few kilobytes, and deterministic.
"""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from fargate.training.evaluation import Evaluation, evaluate
from fargate.training.features import FEATURES, TARGET

SEED = 20250331
TEST_SHARE = 0.25
MIN_ROWS = 200
MIN_PER_CLASS = 20  # below this the test part holds fewer than five of the rarer kind, and a figure means nothing


class TooLittleData(ValueError):
    """There are too few rows, or too few of one outcome, to learn from and to measure."""


def check_amount(df: pd.DataFrame, min_rows: int = MIN_ROWS) -> None:
    """Raise TooLittleData, with the numbers, unless there is enough to learn from.

    Raises ValueError when a feature or the label is missing.
    """
    missing = [column for column in (*FEATURES, TARGET) if column not in df.columns]
    if missing:
        raise ValueError(f"missing columns for training: {', '.join(missing)}")
    if len(df) < min_rows:
        raise TooLittleData(f"{len(df)} rows, at least {min_rows} are needed")
    positive = int(df[TARGET].sum())
    rarer = min(positive, len(df) - positive)
    if rarer < MIN_PER_CLASS:
        raise TooLittleData(f"{rarer} rows of the rarer outcome, at least {MIN_PER_CLASS} are needed")


def make_model() -> Pipeline:
    """An unfitted model; made of scikit-learn and numpy only, so that it loads without this package."""
    return make_pipeline(
        FunctionTransformer(np.log1p),
        StandardScaler(),
        LogisticRegression(max_iter=1000),
    )


def to_matrix(df: pd.DataFrame) -> Any:
    """The features as a float array, columns in the order of FEATURES."""
    return df[list(FEATURES)].to_numpy(dtype=float)


def train_and_evaluate(df: pd.DataFrame) -> tuple[Pipeline, Evaluation]:
    """Fit on three quarters of the customers and measure on the rest, with a fixed seed and equal shares of outcomes.

    One row is one customer, so no customer is on both sides.
    """
    train, test = train_test_split(df, test_size=TEST_SHARE, random_state=SEED, stratify=df[TARGET])
    model = make_model()
    model.fit(to_matrix(train), train[TARGET].to_numpy(dtype=int))
    return model, evaluate(train, test, model.predict_proba(to_matrix(test))[:, 1])
