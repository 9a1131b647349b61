"""The training task: read feature rows, check them, fit, measure, publish. Runs once and exits.

Exit codes: 0 published as latest; 2 refused because of the data or the settings; 3 trained, but no better than the
baseline, so written under its run id only. Anything else is an error with a traceback.
"""

import hashlib
import io
import json
import logging
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import boto3
import joblib
from sklearn.pipeline import Pipeline

from fargate.training.artifact_store import LATEST, FeatureFile, NoFeatures, find_newest, read_features, write_model
from fargate.training.evaluation import Evaluation
from fargate.training.features import FEATURES, TARGET
from fargate.training.model import MIN_ROWS, check_amount, train_and_evaluate
from fargate.training.preprocess import validate_data_quality

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

REFUSED, NOT_BETTER = 2, 3
LIBRARIES = ("scikit-learn", "numpy", "scipy", "pandas", "joblib")

log = logging.getLogger("training")


@dataclass(frozen=True)
class Settings:
    """Where features come from and models go; `features_key` empty means the newest labelled rows."""

    data_bucket: str
    model_bucket: str
    features_key: str
    features_prefix: str
    run_id: str
    min_rows: int


def read_settings(environment: Mapping[str, str], now: datetime) -> Settings:
    """Read DATA_BUCKET, MODEL_BUCKET, FEATURES_KEY, FEATURES_PREFIX, RUN_ID and MIN_ROWS; raises ValueError."""
    missing = [name for name in ("DATA_BUCKET", "MODEL_BUCKET") if not environment.get(name)]
    if missing:
        raise ValueError(f"{' and '.join(missing)} not set")
    run_id = environment.get("RUN_ID") or f"{now:%Y-%m-%dT%H%M%SZ}"
    if run_id == LATEST or "/" in run_id:
        raise ValueError(f"RUN_ID {run_id!r} must be a folder name other than {LATEST!r}")
    return Settings(
        environment["DATA_BUCKET"],
        environment["MODEL_BUCKET"],
        environment.get("FEATURES_KEY", ""),
        environment.get("FEATURES_PREFIX") or "features/",
        run_id,
        int(environment.get("MIN_ROWS") or MIN_ROWS),
    )


def load_rows(s3: "S3Client", settings: Settings) -> FeatureFile:
    """Read the rows to learn from and check them; raises ValueError or NoFeatures."""
    key = settings.features_key or find_newest(s3, settings.data_bucket, settings.features_prefix)
    features = read_features(s3, settings.data_bucket, key)
    validate_data_quality(features.rows)
    check_amount(features.rows, settings.min_rows)
    return features


def serialise(model: Pipeline, run_id: str) -> bytes:
    """The artefact: a dict with the model and all that inference needs to know about its input."""
    inputs = [{"name": name, "minimum": 0.0} for name in FEATURES]
    stream = io.BytesIO()
    joblib.dump({"format": 1, "run_id": run_id, "target": TARGET, "inputs": inputs, "model": model}, stream, compress=3)
    return stream.getvalue()


def describe(features: FeatureFile, evaluation: Evaluation, settings: Settings, now: datetime) -> dict[str, Any]:
    """What metrics.json says beside the artefact's checksum."""
    refusal = evaluation.refusal()
    return {
        "run_id": settings.run_id,
        "created_at": now.isoformat(),
        "promoted": refusal is None,
        "refusal": refusal,
        "data": {"uri": features.uri, "sha256": features.sha256, "rows": evaluation.rows},
        "metrics": evaluation.model,
        "baseline": evaluation.baseline,
        "gain": evaluation.gain,
        "features": list(FEATURES),
        "libraries": {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
    }


def publish(s3: "S3Client", bucket: str, artefact: bytes, metrics: Mapping[str, Any]) -> None:
    """Write the run's own folder, then `latest` if the model is better than the baseline."""
    document = json.dumps({"sha256": hashlib.sha256(artefact).hexdigest(), **metrics}, indent=2).encode()
    log.info("wrote %s", write_model(s3, bucket, metrics["run_id"], artefact, document))
    if metrics["promoted"]:
        log.info("wrote %s", write_model(s3, bucket, LATEST, artefact, document))


def run(s3: "S3Client", environment: Mapping[str, str], now: datetime) -> int:
    """Train once and answer the exit code."""
    try:
        settings = read_settings(environment, now)
        features = load_rows(s3, settings)
    except (ValueError, NoFeatures) as error:
        log.error("training refused: %s", error)
        return REFUSED
    log.info("%d rows from %s", len(features.rows), features.uri)
    model, evaluation = train_and_evaluate(features.rows)
    log.info("%s", json.dumps(asdict(evaluation)))
    publish(s3, settings.model_bucket, serialise(model, settings.run_id), describe(features, evaluation, settings, now))
    if refusal := evaluation.refusal():
        log.error("not published as latest: %s", refusal)
        return NOT_BETTER
    return 0


def main() -> int:
    """Run with the process's environment and clock."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
    return run(boto3.client("s3"), os.environ, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
