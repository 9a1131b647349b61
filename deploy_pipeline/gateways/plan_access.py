"""What a Terraform plan of a pull request may use: short-lived credentials that can only read, and nothing else."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError


class PlanAccess(ABC):
    """Hands out the read-only access of a plan."""

    @abstractmethod
    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        """Environment variables (`AWS_ACCESS_KEY_ID` and so on) of the role, valid for one hour at most.

        `session` names the pull request in CloudTrail. Raises DeployError where the role cannot be assumed.
        """

    @abstractmethod
    def emulator(self) -> str | None:
        """`host:port` of the emulator that stands for AWS on this machine, or None for AWS itself."""


class NoPlanAccess(PlanAccess):
    """Stands where there is no account, as when a folder is validated by hand."""

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        raise DeployError("no AWS account to plan with", where="Terraform plan", todo="give --aws, with credentials")

    def emulator(self) -> str | None:
        return None
