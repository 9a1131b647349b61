"""Settings of the inference process. That it serves and stops is shown by running the image."""

from typing import Any

import pytest

from fargate.inference.server import make_store


@pytest.mark.parametrize(
    ("environment", "uri"),
    [
        ({"MODEL_BUCKET": "m"}, "s3://m/models/latest/model.joblib"),
        ({"MODEL_BUCKET": "m", "MODEL_KEY": ""}, "s3://m/models/latest/model.joblib"),
        ({"MODEL_BUCKET": "m", "MODEL_KEY": "models/run-1/model.joblib"}, "s3://m/models/run-1/model.joblib"),
    ],
)
def test_make_store_reads_where_the_model_is(s3: Any, environment: dict[str, str], uri: str) -> None:
    assert make_store(s3, environment).uri == uri


def test_make_store_needs_a_bucket(s3: Any) -> None:
    with pytest.raises(ValueError, match="MODEL_BUCKET is not set"):
        make_store(s3, {})
