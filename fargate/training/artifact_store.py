"""Feature rows in, models out: the two buckets of training. It decides nothing about either."""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef

TRAINING_FILE = "/training.csv"  # the name that data_prep gives to rows with a label
SMOKE_FOLDER = "/smoke/"
LATEST = "latest"


class NoFeatures(LookupError):
    """There is nothing to learn from where the settings point."""


@dataclass(frozen=True)
class FeatureFile:
    """Feature rows as read, with what identifies them."""

    uri: str
    sha256: str
    rows: pd.DataFrame


def list_training_files(s3: "S3Client", bucket: str, prefix: str) -> Iterator["ObjectTypeDef"]:
    """The labelled feature files under a prefix, without those of smoke tests."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if item["Key"].endswith(TRAINING_FILE) and SMOKE_FOLDER not in f"/{item['Key']}":
                yield item


def find_newest(s3: "S3Client", bucket: str, prefix: str) -> str:
    """The key of the labelled feature file that was written last; raises NoFeatures."""
    newest = max(list_training_files(s3, bucket, prefix), key=lambda item: item["LastModified"], default=None)
    if newest is None:
        raise NoFeatures(f"no *{TRAINING_FILE} under s3://{bucket}/{prefix}: run data_prep first")
    return newest["Key"]


def read_features(s3: "S3Client", bucket: str, key: str) -> FeatureFile:
    """Read a CSV of feature rows; customer ids stay text, so that "007" is not 7."""
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    rows = pd.read_csv(io.BytesIO(body), dtype={"customer_id": str})
    return FeatureFile(f"s3://{bucket}/{key}", hashlib.sha256(body).hexdigest(), rows)


def write_model(s3: "S3Client", bucket: str, folder: str, model: bytes, metrics: bytes) -> str:
    """Write `model.joblib`, then `metrics.json` with its checksum, to models/<folder>/; answers the model's URI.

    A reader that comes between the two sees a checksum that does not match, and has to try again.
    """
    s3.put_object(Bucket=bucket, Key=f"models/{folder}/model.joblib", Body=model)
    s3.put_object(Bucket=bucket, Key=f"models/{folder}/metrics.json", Body=metrics, ContentType="application/json")
    return f"s3://{bucket}/models/{folder}/model.joblib"
