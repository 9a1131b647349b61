"""Tells people through every channel of the spec. A channel that fails is reported, and fails nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.notice import Notice, html_text, plain_text, slack_blocks
from deploy_pipeline.core.spec import EmailSpec, NotificationsSpec, SlackSpec
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.slack import Slack

P = ParamSpec("P")
NOT_TOLD = "not told"


@dataclass(frozen=True)
class Tellers:
    """The channels that exist."""

    slack: Slack
    mail: Mail

    def tell(self, notice: Notice, notifications: NotificationsSpec) -> dict[str, str]:
        """Channel -> what became of it: the message's id, or `not told: <why>`."""
        told = {}
        if notifications.slack is not None:
            told["slack"] = attempt(self._slack, notice, notifications.slack)
        if notifications.email is not None:
            told["email"] = attempt(self._mail, notice, notifications.email)
        return told

    def _slack(self, notice: Notice, spec: SlackSpec) -> str:
        return self.slack.post(spec.channel, notice.headline, slack_blocks(notice))

    def _mail(self, notice: Notice, spec: EmailSpec) -> str:
        subject = f"{notice.headline} – {notice.title}"
        return self.mail.send(
            sender=spec.sender,
            recipients=spec.recipients,
            subject=subject,
            text=plain_text(notice),
            html=html_text(notice),
        )


def attempt(action: Callable[P, str], *args: P.args, **kwargs: P.kwargs) -> str:
    """The action's result, or why it could not be done."""
    try:
        return action(*args, **kwargs)
    except DeployError as error:
        return f"{NOT_TOLD}: {error}"
