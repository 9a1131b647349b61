"""SES, against an emulated AWS and against scripted errors."""

import json
import urllib.request

import boto3
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.mail import SesMail

SENDER = "deployments@engagement.example.com"


def send(mail: SesMail) -> str:
    return mail.send(
        sender=SENDER, recipients=["team@example.com"], subject="Déployé", text="plain", html="<p>rich</p>"
    )


@pytest.mark.real
def test_send(aws: AwsSettings) -> None:
    boto3.client("sesv2", region_name=aws.region, endpoint_url=aws.endpoint_url).create_email_identity(
        EmailIdentity=SENDER
    )
    assert send(SesMail(aws))
    with urllib.request.urlopen(f"{aws.endpoint_url}/_ministack/ses/messages", timeout=5) as answer:
        kept = json.dumps(json.load(answer), ensure_ascii=False)
    for part in ("Déployé", "plain", "<p>rich</p>", "team@example.com"):
        assert part in kept


def test_send_both_parts(stubbed_aws: AwsSettings) -> None:
    mail = SesMail(stubbed_aws)
    expected = {
        "FromEmailAddress": SENDER,
        "Destination": {"ToAddresses": ["team@example.com"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Déployé", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "plain", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>rich</p>", "Charset": "UTF-8"},
                },
            }
        },
    }
    with Stubber(mail._ses) as stub:
        stub.add_response("send_email", {"MessageId": "m-1"}, expected)
        assert send(mail) == "m-1"


@pytest.mark.parametrize(
    ("code", "todo", "retryable"),
    [
        ("MessageRejected", "verify the sender", False),
        ("MailFromDomainNotVerifiedException", "verify the sender", False),
        ("SendingPausedException", "resume it", False),
        ("TooManyRequestsException", "wait a moment", True),
    ],
)
def test_send_refused(stubbed_aws: AwsSettings, code: str, todo: str, retryable: bool) -> None:
    mail = SesMail(stubbed_aws)
    with Stubber(mail._ses) as stub:
        stub.add_client_error("send_email", code, "Email address is not verified.")
        with pytest.raises(DeployError, match=todo) as refused:
            send(mail)
    assert refused.value.retryable is retryable
