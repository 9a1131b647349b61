"""The checks of Terraform, Dockerfiles, images and cost in the spec: their versions, arguments and thresholds."""

from typing import Annotated, Literal

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_check import CheckSpec, Globs, Minutes, ToolCheckSpec
from deploy_pipeline.core.spec_types import RelativePath, Severity, Text

TERRAFORM = ("*.tf", "*.tfvars", "*.tf.json", ".terraform.lock.hcl")


class TerraformFmtCheck(CheckSpec):
    """Format of Terraform files."""

    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class TerraformValidateCheck(CheckSpec):
    """Init and validate of every stack, without backend and network."""

    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class TerraformPlanCheck(CheckSpec):
    """What every stack would change, planned with a read-only role."""

    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    role_arn: types.RoleArn | None = None
    """role that may only read, which plans are made with; without it plans are not audited"""
    hosts: tuple[Text, ...] = ("*.amazonaws.com:443",)
    """what a plan may reach on the network"""
    protected_types: tuple[Text, ...] = (
        "aws_db_instance", "aws_rds_cluster", "aws_dynamodb_table", "aws_s3_bucket", "aws_efs_file_system",
        "aws_elasticache_replication_group", "aws_opensearch_domain", "aws_kms_key", "aws_ecr_repository",
        "aws_cognito_user_pool", "aws_redshift_cluster", "aws_docdb_cluster", "aws_neptune_cluster",
        "aws_secretsmanager_secret", "aws_cloudwatch_log_group", "aws_bedrockagent_knowledge_base", "aws_ebs_volume",
    )  # fmt: skip
    """types of resources with data in them: destroying or replacing one fails the check"""
    allow_destroy: tuple[Text, ...] = ()
    """addresses of such resources that may be destroyed or replaced"""
    timeout_minutes: Minutes = 20
    """minutes after which it is stopped, and has failed"""


class MisconfigurationCheck(CheckSpec):
    """Security of the infrastructure's code; only findings that are new against the base branch block."""

    paths: Globs = (*TERRAFORM, "Dockerfile*", "*.Dockerfile")
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    targets: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = (".",)
    """folders that it looks at"""
    block_severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("CRITICAL", "HIGH")
    """severities that fail the check"""
    ignore: tuple[Text, ...] = ()
    """ids of rules that are accepted"""


class TrivyConfigCheck(MisconfigurationCheck):
    """Security of the infrastructure's code, by Trivy and by a rule of our own for ports that are open to everybody."""

    public_ports: tuple[types.Port, ...] = (80, 443)
    """ports that the whole internet may reach; every other one that is opened to it is a finding"""


class TfsecCheck(MisconfigurationCheck):
    """tfsec itself, which Trivy has taken in: only when it is installed beside the pipeline."""

    enabled: bool = False
    """whether it runs at all"""
    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class CheckovCheck(MisconfigurationCheck):
    """Security of the infrastructure's code, by Checkov, which gives no severities without an account."""

    version: types.ToolVersion = "3.3.30"
    """version of Checkov, exactly"""
    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    frameworks: Annotated[tuple[Text, ...], Field(min_length=1)] = ("terraform",)
    """what it looks at"""


class HadolintCheck(ToolCheckSpec):
    """Mistakes in Dockerfiles."""

    version: types.ToolVersion = "2.15.1"
    """version of the tool, exactly"""
    paths: Globs = ("Dockerfile*", "*.Dockerfile")
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    failure_threshold: Literal["error", "warning", "info", "style"] = "error"
    """level of the findings that fail the check"""


class ImageBuildCheck(CheckSpec):
    """A build of every image whose context has changed. It needs the network, so it runs for trusted heads only."""

    timeout_minutes: Minutes = 30
    """minutes after which it is stopped, and has failed"""


class CostCheck(CheckSpec):
    """Monthly cost of the plans in US dollars, by Infracost where it is configured, else by our own price sheet."""

    paths: Globs = TERRAFORM
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    maximum_increase_usd: Annotated[float, Field(ge=0)] | None = 500.0
    """monthly increase above which the check fails; null: no limit"""
    maximum_increase_percent: Annotated[float, Field(ge=0)] | None = None
    """monthly increase in percent above which the check fails; null: no limit"""
