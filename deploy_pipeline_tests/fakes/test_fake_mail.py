"""The fake mail."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_mail import FakeMail, Message


def test_messages_are_kept() -> None:
    fake = FakeMail()
    assert fake.send(sender="a@x", recipients=["b@x"], subject="s", text="t", html="h") == "message-1"
    assert fake.sent == [Message("a@x", ("b@x",), "s", "t", "h")]


def test_outage() -> None:
    with pytest.raises(DeployError, match="down"):
        FakeMail(DeployError("down")).send(sender="a@x", recipients=["b@x"], subject="s", text="t", html="h")
