"""Makes the application that gunicorn serves: reads the environment and keeps the model fresh in the background.

How it is served, and how it stops, is in `gunicorn_conf.py`.
"""

import logging
import os
import sys
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from fargate.inference.app import App
from fargate.inference.model_store import ModelStore, keep_fresh

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# A refresh that hangs would keep an old model for long; it is tried again half a minute later anyway.
S3_CONFIG = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})

log = logging.getLogger("inference")


def make_store(s3: "S3Client", environment: Mapping[str, str]) -> ModelStore:
    """The store for MODEL_BUCKET and MODEL_KEY (models/latest/model.joblib); raises ValueError without a bucket."""
    bucket = environment.get("MODEL_BUCKET", "")
    if not bucket:
        raise ValueError("MODEL_BUCKET is not set: name the bucket that training writes models to")
    return ModelStore(s3, bucket, environment.get("MODEL_KEY") or "models/latest/model.joblib")


def create_app() -> App:
    """The WSGI application, with a thread that refreshes its model; called once in the worker process."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s", stream=sys.stdout)
    logging.getLogger("botocore").setLevel(logging.WARNING)
    store = make_store(boto3.client("s3", config=S3_CONFIG), os.environ)
    log.info("serving models from %s", store.uri)
    threading.Thread(target=keep_fresh, args=(store, threading.Event()), name="model", daemon=True).start()
    return App(store)
