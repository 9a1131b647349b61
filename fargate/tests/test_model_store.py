"""The model store over emulated S3, with models that the training task really published."""

import io
import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

import boto3
import joblib
import pandas as pd
import pytest
from botocore.stub import Stubber
from sklearn.linear_model import LogisticRegression

from fargate.inference.model_store import ModelError, ModelStore, keep_fresh, load
from fargate.training.train import run

DATA_BUCKET, MODEL_BUCKET = "engagement-data", "engagement-models"
FOLDER = "models/latest"
KEY = f"{FOLDER}/model.joblib"


def publish(s3: Any, rows: pd.DataFrame, run_id: str) -> None:
    s3.put_object(Bucket=DATA_BUCKET, Key="features/a/training.csv", Body=rows.to_csv(index=False).encode())
    environment = {"DATA_BUCKET": DATA_BUCKET, "MODEL_BUCKET": MODEL_BUCKET, "RUN_ID": run_id}
    assert run(s3, environment, datetime(2025, 4, 1, tzinfo=UTC)) == 0


@pytest.fixture
def store(s3: Any) -> ModelStore:
    return ModelStore(s3, MODEL_BUCKET, KEY)


def test_refresh_says_that_there_is_no_model(store: ModelStore) -> None:
    store.refresh()
    assert store.model is None
    assert store.problem == f"s3://{MODEL_BUCKET}/{KEY}: there is no model: run training first"


def test_refresh_loads_what_training_published(store: ModelStore, s3: Any, rows: pd.DataFrame) -> None:
    publish(s3, rows, "run-1")
    store.refresh()
    assert store.problem is None
    assert store.model is not None
    assert (store.model.run_id, store.model.verified, len(store.model.inputs)) == ("run-1", True, 5)


def test_refresh_replaces_the_model_when_s3_has_another(store: ModelStore, s3: Any, rows: pd.DataFrame) -> None:
    publish(s3, rows, "run-1")
    store.refresh()
    first = store.model
    store.refresh()
    assert store.model is first
    publish(s3, rows, "run-2")
    store.refresh()
    assert store.model is not None
    assert store.model.run_id == "run-2"


def test_refresh_keeps_serving_when_the_new_model_does_not_match(
    store: ModelStore, s3: Any, rows: pd.DataFrame
) -> None:
    publish(s3, rows, "run-1")
    store.refresh()
    s3.put_object(Bucket=MODEL_BUCKET, Key=KEY, Body=b"something else")
    store.refresh()
    assert store.model is not None
    assert store.model.run_id == "run-1"
    assert "but metrics.json says" in str(store.problem)
    publish(s3, rows, "run-2")
    store.refresh()
    assert (store.model.run_id, store.problem) == ("run-2", None)


def test_refresh_keeps_serving_when_the_model_is_gone(store: ModelStore, s3: Any, rows: pd.DataFrame) -> None:
    publish(s3, rows, "run-1")
    store.refresh()
    s3.delete_object(Bucket=MODEL_BUCKET, Key=KEY)
    store.refresh()
    assert store.model is not None
    assert "there is no model" in str(store.problem)


def test_refresh_loads_a_model_without_metrics_as_unverified(store: ModelStore, s3: Any, rows: pd.DataFrame) -> None:
    publish(s3, rows, "run-1")
    s3.delete_object(Bucket=MODEL_BUCKET, Key=f"{FOLDER}/metrics.json")
    store.refresh()
    assert store.model is not None
    assert store.model.verified is False


def test_refresh_tells_what_s3_refuses_once(s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    store = ModelStore(client, MODEL_BUCKET, KEY)
    with Stubber(client) as stub, caplog.at_level(logging.WARNING):
        for _ in range(2):
            stub.add_client_error(
                "head_object", "403", "Forbidden", 403, expected_params={"Bucket": MODEL_BUCKET, "Key": KEY}
            )
            store.refresh()
    assert "Forbidden" in str(store.problem)
    assert len(caplog.records) == 1


def dump(content: Any) -> bytes:
    stream = io.BytesIO()
    joblib.dump(content, stream)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "metrics", "message"),
    [
        (b"not a pickle", None, "does not load"),
        (dump([1]), None, "not an artefact of format 1"),
        (dump({"format": 2}), None, "not an artefact of format 1"),
        (dump({"format": 1}), b"{}", "metrics.json has no sha256"),
        (dump({"format": 1}), b"[]", "metrics.json has no sha256"),
        (dump({"format": 1}), b"<", "metrics.json has no sha256"),
        (dump({"format": 1}), json.dumps({"sha256": "0" * 64}).encode(), "but metrics.json says 000"),
    ],
)
def test_load_refuses(content: bytes, metrics: bytes | None, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        load(content, metrics, "etag")


class ForeignModel:
    """Unpickles as a model of an older scikit-learn does."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _load_older, ()


def _load_older() -> object:
    model = LogisticRegression()
    state = {**model.__getstate__(), "_sklearn_version": "1.0"}
    model.__setstate__(state)
    return model


def test_load_refuses_a_model_of_another_scikit_learn() -> None:
    with pytest.raises(ModelError, match="InconsistentVersionWarning"):
        load(dump({"format": 1, "model": ForeignModel()}), None, "etag")


def test_keep_fresh_refreshes_before_it_waits(store: ModelStore) -> None:
    stop = threading.Event()
    stop.set()
    keep_fresh(store, stop)
    assert "there is no model" in str(store.problem)
