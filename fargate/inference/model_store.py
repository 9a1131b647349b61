"""Holds the model that is served, and replaces it when S3 has another. It does not know of HTTP or of features.

A model is a pickle, and unpickling runs code: only the training task may write to the bucket, and the checksum in
metrics.json is checked before the bytes are loaded.
"""

import hashlib
import io
import json
import logging
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib
from botocore.exceptions import BotoCoreError, ClientError
from sklearn.exceptions import InconsistentVersionWarning

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MISSING = {"404", "NoSuchKey", "NotFound"}
FORMAT = 1

log = logging.getLogger("inference")


class ModelError(RuntimeError):
    """What is in S3 cannot be served; the message says why."""


@dataclass(frozen=True)
class Input:
    """One input of the model, by name, and the smallest value it was trained to take."""

    name: str
    minimum: float


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to serve; `verified` says whether its checksum could be compared."""

    run_id: str
    sha256: str
    etag: str
    verified: bool
    inputs: tuple[Input, ...]
    estimator: Any


def verify(content: bytes, metrics: bytes | None) -> tuple[str, bool]:
    """Answer the SHA-256 of a model and whether metrics.json vouches for it; raises ModelError when it contradicts."""
    actual = hashlib.sha256(content).hexdigest()
    if metrics is None:
        return actual, False
    try:
        expected = json.loads(metrics)["sha256"]
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"metrics.json has no sha256: {error!r}") from error
    if expected != actual:
        raise ModelError(f"model.joblib has sha256 {actual}, but metrics.json says {expected}")
    return actual, True


def unpickle(content: bytes) -> dict[str, Any]:
    """Load an artefact; one written by another version of scikit-learn is refused, since it may predict nonsense."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", InconsistentVersionWarning)
            artefact = joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ModelError(f"model.joblib does not load: {error!r}") from error
    if not isinstance(artefact, dict) or artefact.get("format") != FORMAT:
        raise ModelError(f"model.joblib is not an artefact of format {FORMAT}")
    return artefact


def load(content: bytes, metrics: bytes | None, etag: str) -> LoadedModel:
    """Verify, then load; raises ModelError."""
    sha256, verified = verify(content, metrics)
    artefact = unpickle(content)
    inputs = tuple(Input(field["name"], field["minimum"]) for field in artefact["inputs"])
    return LoadedModel(artefact["run_id"], sha256, etag, verified, inputs, artefact["model"])


class ModelStore:
    """The model at one S3 key. `refresh` is for one background thread; reading `model` and `problem` is for any."""

    def __init__(self, s3: "S3Client", bucket: str, key: str) -> None:
        self.s3, self.bucket, self.key = s3, bucket, key
        self.model: LoadedModel | None = None
        self.problem: str | None = "the model is not loaded yet"

    @property
    def uri(self) -> str:
        """Where the model comes from."""
        return f"s3://{self.bucket}/{self.key}"

    def refresh(self) -> None:
        """Load the model if S3 has another one. Trouble is kept in `problem`, and a loaded model goes on serving."""
        try:
            self.load_if_changed()
            self.problem = None
        except (ModelError, BotoCoreError, ClientError) as error:
            problem = f"{self.uri}: {error}"
            if problem != self.problem:
                log.warning("no new model: %s", problem)
            self.problem = problem

    def load_if_changed(self) -> None:
        """Ask for the ETag first, which costs a few hundred bytes; raises ModelError or botocore's errors."""
        etag = self.read_etag()
        if self.model and self.model.etag == etag:
            return
        answer = self.s3.get_object(Bucket=self.bucket, Key=self.key)
        self.model = load(answer["Body"].read(), self.read_metrics(), answer["ETag"])
        log.info("serving model %s (sha256 %s)", self.model.run_id, self.model.sha256)

    def read_etag(self) -> str:
        """The ETag of the model in S3; raises ModelError when there is none."""
        try:
            return self.s3.head_object(Bucket=self.bucket, Key=self.key)["ETag"]
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                raise ModelError("there is no model: run training first") from error
            raise

    def read_metrics(self) -> bytes | None:
        """The metrics.json beside the model, or None when there is none."""
        folder = self.key.rpartition("/")[0]
        key = f"{folder}/metrics.json" if folder else "metrics.json"
        try:
            return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise


def keep_fresh(store: ModelStore, stop: threading.Event, interval_seconds: float = 30.0) -> None:
    """Refresh now and then every `interval_seconds` until `stop` is set: requests never wait for S3."""
    store.refresh()
    while not stop.wait(interval_seconds):
        store.refresh()
