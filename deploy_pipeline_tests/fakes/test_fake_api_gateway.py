"""The fake API Gateway."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_api_gateway import FakeApiGateway


def test_keys_and_addresses() -> None:
    fake = FakeApiGateway({"id": "value"}, {"https://api": "http://127.0.0.1"})
    assert fake.key_value("id") == "value"
    assert (fake.reachable_url("https://api"), fake.reachable_url("https://b")) == ("http://127.0.0.1", "https://b")
    with pytest.raises(DeployError, match="other"):
        fake.key_value("other")
    assert fake.asked == ["id", "other"]
