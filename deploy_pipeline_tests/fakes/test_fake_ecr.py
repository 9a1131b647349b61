"""The fake registry."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_ecr import FakeEcr


def test_tags_move_and_are_recorded() -> None:
    fake = FakeEcr({"team/image": {"one": "sha256:1"}})
    assert fake.repository_uri("team/image") == "registry.test/team/image"
    assert fake.login().server == "registry.test"
    assert fake.digest("team/image", "latest") is None
    fake.move_tag("team/image", "sha256:1", "latest")
    assert fake.digest("team/image", "latest") == "sha256:1"
    assert fake.moved == [("team/image", "sha256:1", "latest")]


def test_what_is_missing() -> None:
    fake = FakeEcr({"team/image": {}})
    with pytest.raises(DeployError, match="push it first"):
        fake.move_tag("team/image", "sha256:1", "latest")
    with pytest.raises(DeployError, match="create it"):
        fake.repository_uri("other")
