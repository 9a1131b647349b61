"""Loads functions the way Lambda does: one folder on the import path. All of them call their module `handler`."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from moto import mock_aws

FUNCTIONS = Path(__file__).parents[1]
BUCKET = "engagement-data"
OPTIONAL_SETTINGS = (
    "AWS_ENDPOINT_URL",
    "CLEANUP_PREFIX",
    "MAX_AGE_DAYS",
    "RAW_PREFIX",
    "FEATURES_PREFIX",
    "LABEL_DAYS",
    "ATHENA_DATABASE",
    "ATHENA_TABLE",
    "CONTAINER_NAME",
    "ASSIGN_PUBLIC_IP",
    "KNOWLEDGE_BASE_ID",
)


class LambdaContext:
    """What the functions read of Lambda's context object."""

    aws_request_id = "3f0c7a52-6c1e-4a0e-9d53-0c8f3a1f4b11"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function would be stopped."""
        return 60_000


def load(path: Path, name: str) -> ModuleType:
    """Execute a file as the module `name`."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def load_function(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Answer a loader: `load_function("data_prep")`, or with the name of another module in that folder."""

    def load_module(function: str, module: str = "handler") -> ModuleType:
        folder = FUNCTIONS / function
        monkeypatch.syspath_prepend(str(folder))
        for sibling in folder.glob("*.py"):
            monkeypatch.delitem(sys.modules, sibling.stem, raising=False)
        return load(folder / f"{module}.py", module)

    return load_module


@pytest.fixture
def context() -> LambdaContext:
    """Lambda's context object."""
    return LambdaContext()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An emulated AWS account with an empty data bucket; neither credentials nor settings of the machine reach it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for name in OPTIONAL_SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_BUCKET", BUCKET)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield
