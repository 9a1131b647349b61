"""The fake scanner keeps what its interface promises."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.trivy import ImageScan
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy


def test_fake_trivy_gives_what_it_was_told() -> None:
    scan, broken = ImageScan({"SchemaVersion": 2}, "{}", "version 2"), DeployError("broken")
    fake = FakeTrivy({"a": scan, "b": broken})
    assert fake.scan_image("a") is scan
    with pytest.raises(DeployError) as caught:
        fake.scan_image("b")
    assert caught.value is broken
    with pytest.raises(DeployError, match="no such image"):
        fake.scan_image("c")
    assert fake.scanned == ["a", "b", "c"]
