"""Every check by its name in the spec: what runs it, and the kind of tool that the UI shows. Not the cost of plans."""

from deploy_pipeline.checks.dependencies import check_pip_audit, check_safety
from deploy_pipeline.checks.dockerfiles import check_hadolint
from deploy_pipeline.checks.image_build import check_image_build
from deploy_pipeline.checks.misconfiguration import check_checkov, check_tfsec, check_trivy_config
from deploy_pipeline.checks.python_tools import check_bandit, check_black, check_flake8, check_isort, check_mypy
from deploy_pipeline.checks.runner import Check
from deploy_pipeline.checks.spec_file import check_spec
from deploy_pipeline.checks.terraform import check_terraform_fmt, check_terraform_validate
from deploy_pipeline.checks.terraform_plan import check_terraform_plan
from deploy_pipeline.checks.unit_tests import check_pytest

CHECK_FUNCTIONS: dict[str, tuple[Check, str]] = {
    "spec": (check_spec, "yaml"),
    "black": (check_black, "python"),
    "isort": (check_isort, "python"),
    "flake8": (check_flake8, "python"),
    "mypy": (check_mypy, "python"),
    "bandit": (check_bandit, "python"),
    "pip_audit": (check_pip_audit, "python"),
    "safety": (check_safety, "python"),
    "pytest": (check_pytest, "python"),
    "terraform_fmt": (check_terraform_fmt, "terraform"),
    "terraform_validate": (check_terraform_validate, "terraform"),
    "terraform_plan": (check_terraform_plan, "terraform"),
    "trivy_config": (check_trivy_config, "terraform"),
    "tfsec": (check_tfsec, "terraform"),
    "checkov": (check_checkov, "terraform"),
    "hadolint": (check_hadolint, "docker"),
    "image_build": (check_image_build, "docker"),
}
