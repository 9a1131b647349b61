"""Telling people: each channel by itself."""

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.notice import success_notice
from deploy_pipeline.core.spec import NotificationsSpec
from deploy_pipeline.ops.tell import Tellers
from deploy_pipeline_tests.fakes.fake_mail import FakeMail
from deploy_pipeline_tests.fakes.fake_slack import FakeSlack
from deploy_pipeline_tests.samples import a_deployed, a_spec

NOTICE = success_notice(a_deployed(), [], "http://ui/runs/r1")


def test_tell_every_channel() -> None:
    slack, mail = FakeSlack(), FakeMail()
    told = Tellers(slack, mail).tell(NOTICE, a_spec().notifications)
    assert told == {"slack": "1700000000.000001", "email": "message-1"}
    assert slack.posts[0].channel == "#engineering"
    assert mail.sent[0].recipients == ("team@example.com",)
    assert "Score faster" in mail.sent[0].subject


def test_tell_goes_on_when_one_channel_fails() -> None:
    mail = FakeMail()
    told = Tellers(FakeSlack(DeployError("invalid_auth", where="Slack")), mail).tell(NOTICE, a_spec().notifications)
    assert told == {"slack": "not told: Slack: invalid_auth", "email": "message-1"}


def test_tell_nobody_when_the_spec_names_nobody() -> None:
    slack, mail = FakeSlack(), FakeMail()
    assert Tellers(slack, mail).tell(NOTICE, NotificationsSpec()) == {}
    assert (slack.posts, mail.sent) == ([], [])
