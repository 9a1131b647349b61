"""Fixtures for both images' code: the import path that they have in their containers, feature rows, and emulated S3."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
from moto import mock_aws

# The containers import `fargate.training` from their working directory; here that is the repository.
sys.path.insert(0, str(Path(__file__).parents[2]))

DATA_BUCKET, MODEL_BUCKET = "engagement-data", "engagement-models"


def make_rows(count: int, seed: int = 7, signal: float = 1.0) -> pd.DataFrame:
    """Feature rows in which purchases and recency decide about conversion; `signal` 0 makes the label pure chance."""
    random = np.random.default_rng(seed)
    sessions_30 = random.poisson(6, count)
    purchases = random.poisson(0.8, count)
    days = np.round(random.uniform(0, 30, count), 3)
    logit = signal * (1.8 * np.log1p(purchases) - 1.2 * np.log1p(days) + 0.4 * np.log1p(sessions_30) + 1.0)
    return pd.DataFrame(
        {
            "customer_id": [f"c{number:04d}" for number in range(count)],
            "engagement_score": np.round(random.uniform(0, 1, count), 6),
            "sessions_last_7_days": random.binomial(sessions_30, 0.25),
            "sessions_last_30_days": sessions_30,
            "minutes_last_7_days": np.round(random.gamma(2.0, 10.0, count), 2),
            "purchases_last_30_days": purchases,
            "days_since_last_session": days,
            "converted": (random.uniform(0, 1, count) < 1 / (1 + np.exp(-logit))).astype(int),
        }
    )


@pytest.fixture
def rows() -> pd.DataFrame:
    """600 labelled feature rows."""
    return make_rows(600)


@pytest.fixture
def chance_rows() -> pd.DataFrame:
    """Rows from which nothing can be learned."""
    return make_rows(600, signal=0.0)


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An emulated S3 with empty data and model buckets."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=DATA_BUCKET)
        client.create_bucket(Bucket=MODEL_BUCKET)
        yield client
