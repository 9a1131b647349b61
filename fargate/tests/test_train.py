"""The training task over emulated S3: what it publishes, and what it refuses to publish."""

import hashlib
import io
import json
import logging
from datetime import UTC, datetime
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest

from fargate.training.artifact_store import NoFeatures, find_newest
from fargate.training.train import NOT_BETTER, REFUSED, read_settings, run

DATA_BUCKET, MODEL_BUCKET = "engagement-data", "engagement-models"
NOW = datetime(2025, 4, 1, 2, 3, 4, tzinfo=UTC)
ENVIRONMENT = {"DATA_BUCKET": DATA_BUCKET, "MODEL_BUCKET": MODEL_BUCKET, "RUN_ID": "run-1"}


def put_rows(s3: Any, rows: pd.DataFrame, key: str = "features/a/training.csv") -> None:
    s3.put_object(Bucket=DATA_BUCKET, Key=key, Body=rows.to_csv(index=False).encode())


def read(s3: Any, key: str) -> bytes:
    body: bytes = s3.get_object(Bucket=MODEL_BUCKET, Key=key)["Body"].read()
    return body


def keys(s3: Any) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket=MODEL_BUCKET).get("Contents", [])]


def test_run_publishes_the_run_and_latest(s3: Any, rows: pd.DataFrame) -> None:
    put_rows(s3, rows)
    assert run(s3, ENVIRONMENT, NOW) == 0
    assert keys(s3) == [
        "models/latest/metrics.json",
        "models/latest/model.joblib",
        "models/run-1/metrics.json",
        "models/run-1/model.joblib",
    ]
    artefact, metrics = read(s3, "models/latest/model.joblib"), json.loads(read(s3, "models/latest/metrics.json"))
    assert metrics["sha256"] == hashlib.sha256(artefact).hexdigest()
    assert metrics["run_id"] == "run-1"
    assert metrics["created_at"] == "2025-04-01T02:03:04+00:00"
    assert metrics["data"]["uri"] == f"s3://{DATA_BUCKET}/features/a/training.csv"
    assert metrics["data"]["rows"]["total"] == 600
    assert metrics["metrics"]["log_loss"] < metrics["baseline"]["log_loss"]
    assert set(metrics["libraries"]) == {"scikit-learn", "numpy", "scipy", "pandas", "joblib", "python"}


def test_run_writes_an_artefact_that_names_its_inputs(s3: Any, rows: pd.DataFrame) -> None:
    put_rows(s3, rows)
    run(s3, ENVIRONMENT, NOW)
    artefact = joblib.load(io.BytesIO(read(s3, "models/run-1/model.joblib")))
    assert (artefact["format"], artefact["run_id"], artefact["target"]) == (1, "run-1", "converted")
    inputs = [field["name"] for field in artefact["inputs"]]
    probabilities = artefact["model"].predict_proba(rows[inputs].to_numpy(dtype=float))[:, 1]
    assert np.all((probabilities > 0) & (probabilities < 1))


def test_run_keeps_latest_when_the_model_is_no_better(s3: Any, chance_rows: pd.DataFrame) -> None:
    put_rows(s3, chance_rows)
    assert run(s3, ENVIRONMENT, NOW) == NOT_BETTER
    assert keys(s3) == ["models/run-1/metrics.json", "models/run-1/model.joblib"]
    assert json.loads(read(s3, "models/run-1/metrics.json"))["promoted"] is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"engagement_score": 1.5}, "engagement_score outside"),
        ({"sessions_last_7_days": -1}, "negative values in sessions_last_7_days"),
        ({"converted": 0}, "0 rows of the rarer outcome"),
    ],
)
def test_run_refuses_bad_rows(
    s3: Any, rows: pd.DataFrame, caplog: pytest.LogCaptureFixture, change: dict[str, Any], message: str
) -> None:
    put_rows(s3, rows.assign(**change))
    with caplog.at_level(logging.ERROR):
        assert run(s3, ENVIRONMENT, NOW) == REFUSED
    assert message in caplog.text
    assert keys(s3) == []


def test_run_refuses_without_features(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert run(s3, ENVIRONMENT, NOW) == REFUSED
    assert "run data_prep first" in caplog.text


def test_run_takes_the_features_that_are_named(s3: Any, rows: pd.DataFrame) -> None:
    put_rows(s3, rows, "features/named.csv")
    assert run(s3, ENVIRONMENT | {"FEATURES_KEY": "features/named.csv"}, NOW) == 0


def test_find_newest_passes_over_smoke_tests_and_unlabelled_rows(s3: Any, rows: pd.DataFrame) -> None:
    for key in ("features/a/training.csv", "features/b/features.csv", "features/smoke/training.csv"):
        put_rows(s3, rows.head(1), key)
    assert find_newest(s3, DATA_BUCKET, "features/") == "features/a/training.csv"
    with pytest.raises(NoFeatures):
        find_newest(s3, DATA_BUCKET, "features/smoke/")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "DATA_BUCKET and MODEL_BUCKET not set"),
        (ENVIRONMENT | {"RUN_ID": "latest"}, "RUN_ID 'latest'"),
        (ENVIRONMENT | {"RUN_ID": "a/b"}, "RUN_ID 'a/b'"),
        (ENVIRONMENT | {"MIN_ROWS": "many"}, "invalid literal"),
    ],
)
def test_read_settings_refuses(environment: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_settings(environment, NOW)


def test_read_settings_names_the_run_by_its_time(s3: Any) -> None:
    environment = {"DATA_BUCKET": "d", "MODEL_BUCKET": "m", "FEATURES_KEY": "", "MIN_ROWS": ""}
    assert read_settings(environment, NOW).run_id == "2025-04-01T020304Z"
