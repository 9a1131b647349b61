"""Mail that stays here."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.mail import Mail


@dataclass(frozen=True)
class Message:
    """A recorded message."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str


class FakeMail(Mail):
    """Raises `outage` instead where that is set."""

    def __init__(self, outage: DeployError | None = None) -> None:
        self._outage = outage
        self.sent: list[Message] = []

    def send(self, *, sender: str, recipients: Sequence[str], subject: str, text: str, html: str) -> str:
        if self._outage:
            raise self._outage
        self.sent.append(Message(sender, tuple(recipients), subject, text, html))
        return f"message-{len(self.sent)}"
