"""The fake Slack."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack, Post


def test_posts_are_kept() -> None:
    fake = FakeSlack()
    assert fake.post("#c", "text", [{"type": "divider"}]) != fake.post("#c", "more", [])
    assert fake.posts == [Post("#c", "text", ({"type": "divider"},)), Post("#c", "more", ())]


def test_outage() -> None:
    with pytest.raises(DeployError, match="down"):
        FakeSlack(DeployError("down")).post("#c", "text", [])
