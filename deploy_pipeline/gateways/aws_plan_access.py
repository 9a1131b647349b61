"""The read-only access of plans, from STS. What the role may read is in terraform/bootstrap/plan_role.tf."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deploy_pipeline.gateways.aws import AwsSettings, client, translated
from deploy_pipeline.gateways.plan_access import PlanAccess

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

# The shortest that STS gives is 15 minutes, the longest for a role that is assumed by a role an hour.
SESSION_SECONDS = 3600
LONGEST_SESSION_NAME = 64
NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_=,.@-]")
LESSONS = {
    "AccessDenied": "let the pipeline's identity assume this role: name it in `deploy_principal_arns` of "
    "terraform/bootstrap, and allow it sts:AssumeRole"
}


class AwsPlanAccess(PlanAccess):
    """Assumes the role with the pipeline's own credentials, in the account and region of `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._settings = settings

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        name = NOT_IN_A_NAME.sub("-", session)[:LONGEST_SESSION_NAME]
        with translated(f"role {role_arn}", lessons=LESSONS):
            sts: STSClient = client(self._settings, "sts")
            answer = sts.assume_role(RoleArn=role_arn, RoleSessionName=name, DurationSeconds=SESSION_SECONDS)
        given = answer["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
        }

    def emulator(self) -> str | None:
        url = self._settings.endpoint_url
        if url is None:
            return None
        parts = urlsplit(url)
        return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
