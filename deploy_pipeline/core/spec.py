"""The deployment spec: frozen models of `deploy.yaml`. Shapes and defaults only; reading a file is `spec_loader`.

Every model is imported from here, also those that stand in `spec_targets` and `spec_checks`.
A `Spec` that was not read by `spec_loader` has not had its names checked against each other (`spec_references`).
"""

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_approvals import ApprovalsSpec
from deploy_pipeline.core.spec_check import CheckSpec
from deploy_pipeline.core.spec_checks import (
    EmailSpec,
    Expectation,
    FunctionSmokeTest,
    HttpSmokeTest,
    KnowledgeBaseSmokeTest,
    NightlySpec,
    NotificationsSpec,
    ServiceSmokeTest,
    SlackSpec,
    SmokeTest,
)
from deploy_pipeline.core.spec_pull_requests import ChecksSpec, ValidationSpec
from deploy_pipeline.core.spec_rollback import RollbackSpec
from deploy_pipeline.core.spec_rollout import AnalysisSpec, FunctionRolloutSpec, RolloutSpec, ServiceRolloutSpec
from deploy_pipeline.core.spec_targets import (
    BackendSpec,
    FunctionSpec,
    IgnoredVulnerability,
    ImageSpec,
    LoadBalancerSpec,
    ScanSpec,
    ServiceSpec,
    TerraformSpec,
)
from deploy_pipeline.core.spec_types import Name, Severity, SpecModel, Table

__all__ = [
    "AnalysisSpec",
    "ApprovalsSpec",
    "AwsSpec",
    "BackendSpec",
    "CheckSpec",
    "ChecksSpec",
    "EmailSpec",
    "Expectation",
    "FunctionRolloutSpec",
    "FunctionSmokeTest",
    "FunctionSpec",
    "HttpSmokeTest",
    "IgnoredVulnerability",
    "ImageSpec",
    "KnowledgeBaseSmokeTest",
    "LoadBalancerSpec",
    "NightlySpec",
    "NotificationsSpec",
    "RepositorySpec",
    "RollbackSpec",
    "RolloutSpec",
    "ScanSpec",
    "ServiceRolloutSpec",
    "ServiceSmokeTest",
    "ServiceSpec",
    "Severity",
    "SlackSpec",
    "SmokeTest",
    "Spec",
    "SpecModel",
    "TerraformSpec",
    "ValidationSpec",
]


class RepositorySpec(SpecModel):
    """The GitHub repository and the branch whose merges are deployed."""

    name: types.Repository
    """owner/name on GitHub"""
    branch: types.Branch = "main"
    """the branch whose merges are deployed"""


class AwsSpec(SpecModel):
    """Where the pipeline keeps what it makes."""

    region: types.Region
    """AWS region of everything that is deployed"""
    artifact_bucket: types.Bucket
    """S3 bucket for function packages, Terraform plans and scan reports"""
    ledger_bucket: types.Bucket
    """S3 bucket for the record of deployments and releases"""


class Spec(SpecModel):
    """The whole of `deploy.yaml`."""

    version: types.Version
    """version of this file's format"""
    environment: types.Environment
    """environment that is deployed to"""
    repository: RepositorySpec
    """the GitHub repository that is deployed"""
    aws: AwsSpec
    """where the pipeline keeps what it makes"""
    images: Table[Name, ImageSpec] = types.EMPTY
    """container images, by name"""
    scan: ScanSpec = ScanSpec()
    """which findings of the image scanner stop a deployment"""
    functions: Table[Name, FunctionSpec] = types.EMPTY
    """Lambda functions, by name"""
    services: Table[Name, ServiceSpec] = types.EMPTY
    """ECS services, by name"""
    terraform: Table[Name, TerraformSpec] = types.EMPTY
    """Terraform stacks, by name"""
    rollout: RolloutSpec = RolloutSpec()
    """how traffic moves to what is deployed, and on what evidence"""
    approvals: ApprovalsSpec = ApprovalsSpec()
    """what waits for a person"""
    rollback: RollbackSpec = RollbackSpec()
    """when a release is taken back by itself"""
    smoke_tests: tuple[SmokeTest, ...] = ()
    """calls that must succeed before and after a deployment goes live"""
    notifications: NotificationsSpec = NotificationsSpec()
    """who is told how a deployment ended"""
    validation: ValidationSpec = ValidationSpec()
    """how pull requests are validated"""
    nightly_e2e: NightlySpec = NightlySpec()
    """when the end-to-end checks run against what is live"""
