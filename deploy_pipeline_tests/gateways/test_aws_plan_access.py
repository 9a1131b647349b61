"""The access of plans, over MiniStack; what it cannot provoke, over a Stubber's address where nothing listens."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.aws_plan_access import AwsPlanAccess

ROLE = "arn:aws:iam::123456789012:role/plan-engagement-ml"


@pytest.mark.real
def test_credentials_are_of_the_role_for_a_session(aws: AwsSettings) -> None:
    given = AwsPlanAccess(aws).credentials(ROLE, "pr-7-" + "a/" * 40)
    assert set(given) == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
    assert all(given.values())


def test_credentials_that_cannot_be_had(stubbed_aws: AwsSettings) -> None:
    with pytest.raises(DeployError, match="cannot be reached"):
        AwsPlanAccess(stubbed_aws).credentials(ROLE, "pr-7")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, None),
        ("http://127.0.0.1:4566", "127.0.0.1:4566"),
        ("http://emulator", "emulator:80"),
        ("https://emulator/", "emulator:443"),
    ],
)
def test_emulator(url: str | None, expected: str | None) -> None:
    assert AwsPlanAccess(AwsSettings("us-east-1", url)).emulator() == expected
