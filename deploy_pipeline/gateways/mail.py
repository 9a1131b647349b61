"""Mail through SES: send one message. What it says is decided elsewhere."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploy_pipeline.gateways.aws import AwsSettings, client, translated

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

UNVERIFIED_TODO = "verify the sender in SES; while the account is in the SES sandbox, verify every recipient too"
LESSONS = {
    "MessageRejected": UNVERIFIED_TODO,
    "MailFromDomainNotVerifiedException": UNVERIFIED_TODO,
    "NotFoundException": UNVERIFIED_TODO,
    "BadRequestException": "correct the addresses in deploy.yaml",
    "AccountSuspendedException": "AWS suspended sending for this account: write to AWS Support",
    "SendingPausedException": "sending is paused for this account: resume it in SES",
}


class Mail(ABC):
    """Where mail goes."""

    @abstractmethod
    def send(self, *, sender: str, recipients: Sequence[str], subject: str, text: str, html: str) -> str:
        """Send one message to all recipients and return the id that SES gave it."""


class SesMail(Mail):
    """SES v2 in the account and region of `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._ses: SESV2Client = client(settings, "sesv2")

    def send(self, *, sender: str, recipients: Sequence[str], subject: str, text: str, html: str) -> str:
        with translated(f"mail from {sender}", lessons=LESSONS):
            sent = self._ses.send_email(
                FromEmailAddress=sender,
                Destination={"ToAddresses": list(recipients)},
                Content={
                    "Simple": {
                        "Subject": {"Data": subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": text, "Charset": "UTF-8"},
                            "Html": {"Data": html, "Charset": "UTF-8"},
                        },
                    }
                },
            )
        return sent["MessageId"]
