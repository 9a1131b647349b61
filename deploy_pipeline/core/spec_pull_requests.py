"""The part of the spec that says how pull requests are validated. Import its models from `spec`."""

from typing import Annotated, Literal

from pydantic import Field

from deploy_pipeline.core.spec_check import CheckSpec, Globs
from deploy_pipeline.core.spec_infrastructure_checks import (
    CheckovCheck,
    CostCheck,
    HadolintCheck,
    ImageBuildCheck,
    TerraformFmtCheck,
    TerraformPlanCheck,
    TerraformValidateCheck,
    TfsecCheck,
    TrivyConfigCheck,
)
from deploy_pipeline.core.spec_python_checks import (
    BanditCheck,
    BlackCheck,
    Flake8Check,
    IsortCheck,
    MypyCheck,
    PipAuditCheck,
    PytestCheck,
    SafetyCheck,
)
from deploy_pipeline.core.spec_types import RelativePath, SpecModel, Text


class SpecFileCheck(CheckSpec):
    """deploy.yaml itself: read as the deployment would read it."""

    paths: Globs = ("/deploy.yaml",)
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class ChecksSpec(SpecModel):
    """The checks of pull requests."""

    spec: SpecFileCheck = SpecFileCheck()
    """deploy.yaml itself"""
    black: BlackCheck = BlackCheck()
    """format of Python code"""
    isort: IsortCheck = IsortCheck()
    """order of imports"""
    flake8: Flake8Check = Flake8Check()
    """mistakes and style of Python code"""
    mypy: MypyCheck = MypyCheck()
    """types of Python code"""
    bandit: BanditCheck = BanditCheck()
    """security mistakes in Python code"""
    pip_audit: PipAuditCheck = PipAuditCheck()
    """vulnerable dependencies, by pip-audit"""
    safety: SafetyCheck = SafetyCheck()
    """vulnerable dependencies, by safety"""
    pytest: PytestCheck = PytestCheck()
    """unit tests with coverage"""
    terraform_fmt: TerraformFmtCheck = TerraformFmtCheck()
    """format of Terraform files"""
    terraform_validate: TerraformValidateCheck = TerraformValidateCheck()
    """whether every stack is valid"""
    terraform_plan: TerraformPlanCheck = TerraformPlanCheck()
    """what every stack would change"""
    trivy_config: TrivyConfigCheck = TrivyConfigCheck()
    """security of the infrastructure's code, by Trivy"""
    tfsec: TfsecCheck = TfsecCheck()
    """security of the infrastructure's code, by tfsec"""
    checkov: CheckovCheck = CheckovCheck()
    """security of the infrastructure's code, by Checkov"""
    hadolint: HadolintCheck = HadolintCheck()
    """mistakes in Dockerfiles"""
    image_build: ImageBuildCheck = ImageBuildCheck()
    """whether what changed can be built"""
    cost: CostCheck = CostCheck()
    """what the plans would cost"""


class IsolationLimits(SpecModel):
    """What one check may use."""

    memory_mb: Annotated[int, Field(ge=256)] = 4096
    """memory in MiB, scratch files included"""
    cpus: Annotated[float, Field(gt=0)] = 2.0
    """processors"""
    processes: Annotated[int, Field(ge=16)] = 512
    """processes and threads"""
    scratch_mb: Annotated[int, Field(ge=16)] = 1024
    """MiB that it can write"""


class ValidationSpec(SpecModel):
    """How pull requests are validated. Always read from the base branch, never from the pull request."""

    isolation: Literal["container", "process"] = "container"
    """where a pull request's code runs; "process" is this machine itself, for a single user who trusts every author"""
    base_image: Text = "python:3.11-slim-bookworm"
    """image that checks run in, with Python"""
    label: Text = "ok-to-test"
    """label by which a maintainer allows an outside author's head to be planned and built"""
    requirements: tuple[RelativePath, ...] = ()
    """requirement files that are installed for mypy and the tests, exact versions"""
    limits: IsolationLimits = IsolationLimits()
    """what one check may use"""
    checks: ChecksSpec = ChecksSpec()
    """the checks"""
