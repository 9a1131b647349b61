"""Checks of what the validation of pull requests needs: a place to run, and services that are asked where configured.

Git, Terraform and Trivy, which it needs too, are `machine_checks`. What a repository does not use is no fault.
"""

import httpx
from docker.errors import DockerException, ImageNotFound
from pydantic import SecretStr

from deploy_pipeline.cli.checks.check import Check, Inspected, missing, ok, skipped
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_pull_requests import ValidationSpec
from deploy_pipeline.sandbox.engine import connect

SECONDS = 5
QUERY = "/v1/query"
# Any package does: what is looked at is whether there is an answer.
QUESTION = {"package": {"name": "pip", "ecosystem": "PyPI"}, "version": "1.0"}


def check_isolation(inspected: Inspected) -> Check:
    """Where the code of pull requests runs."""
    name, validation = "Isolation", _validation(inspected)
    if validation is None:
        return skipped(name, f"{inspected.settings.spec_file} cannot be read")
    if validation.isolation == "process":
        return ok(name, "none: pull requests run as this user, so every author has to be trusted")
    try:
        client = connect(inspected.environment)
    except DeployError as error:
        todo = f"{error.todo}; or set validation.isolation to process, where every author is trusted"
        return missing(name, error.what, todo)
    image = validation.base_image
    try:
        client.images.get(image)
    except ImageNotFound:
        without = "where no registry can be reached, `deploy-pipeline sandbox up` has a stand-in"
        return skipped(name, f"the engine does not have {image} yet: it is pulled when it is needed ({without})")
    except DockerException as error:
        return missing(name, f"{image}: {error}", "see the engine's own log")
    finally:
        client.close()
    return ok(name, f"containers of {image}")


def check_advisories(inspected: Inspected) -> Check:
    """The service that pip-audit asks, where it is not PyPI."""
    name, url = "Advisories", inspected.settings.advisory_url
    if url is None:
        return skipped(name, "DEPLOY_PIPELINE_ADVISORY_URL is not set: pip-audit asks PyPI")
    todo = "correct DEPLOY_PIPELINE_ADVISORY_URL; the sandbox's own: deploy-pipeline sandbox up"
    try:
        answer = httpx.post(url.rstrip("/").removesuffix(QUERY) + QUERY, json=QUESTION, timeout=SECONDS)
        known = answer.is_success and isinstance(answer.json(), dict)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return missing(name, f"{url} does not answer: {error}", todo)
    return ok(name, url) if known else missing(name, f"HTTP {answer.status_code} at {url}: not OSV's answer", todo)


def check_plan_role(inspected: Inspected) -> Check:
    """The role that pull requests are planned with."""
    name, validation = "Plan role", _validation(inspected)
    if validation is None:
        return skipped(name, f"{inspected.settings.spec_file} cannot be read")
    if role := validation.checks.terraform_plan.role_arn:
        return skipped(name, f"{role}: asked when it is first used")
    if inspected.settings.aws_endpoint_url:
        return skipped(name, "none: the emulator that AWS_ENDPOINT_URL names is planned against without one")
    hint = "it is the output plan_role_arn of terraform/bootstrap, for validation.checks.terraform_plan.role_arn"
    return skipped(name, f"none, so pull requests are not planned, nor their cost estimated: {hint}")


def check_tfsec(inspected: Inspected) -> Check:
    """tfsec, for repositories that want it beside Trivy."""
    name, program, validation = "tfsec", inspected.settings.tfsec, _validation(inspected)
    found = inspected.find(program)
    if found:
        return ok(name, str(found))
    if validation is not None and validation.checks.tfsec.enabled:
        todo = "install tfsec, or set validation.checks.tfsec.enabled to false: Trivy has its rules"
        return missing(name, f"{program} is not on PATH, and {inspected.settings.spec_file} asks for it", todo)
    return skipped(name, "not installed: Trivy has its rules")


def check_infracost(inspected: Inspected) -> Check:
    """Infracost, without which cost is estimated with our own prices."""
    name, otherwise = "Infracost", "cost is estimated by the price sheet"
    found, key = inspected.find(inspected.settings.infracost), _given(inspected.settings.infracost_api_key)
    if found and key:
        return ok(name, str(found))
    if found:
        return skipped(name, f"{found}, but no INFRACOST_API_KEY: {otherwise}")
    if key:
        return skipped(
            name, f"INFRACOST_API_KEY is set, but {inspected.settings.infracost} is not on PATH: {otherwise}"
        )
    return skipped(name, f"not configured: {otherwise}")


def check_safety(inspected: Inspected) -> Check:
    """safety's account."""
    if _given(inspected.settings.safety_api_key):
        return skipped("safety", "SAFETY_API_KEY: asked when it is first used")
    return skipped("safety", "not configured (SAFETY_API_KEY): pip-audit alone looks for vulnerable dependencies")


def check_codecov(inspected: Inspected) -> Check:
    """Codecov's account."""
    if _given(inspected.settings.codecov_token):
        return skipped("Codecov", f"{inspected.settings.codecov_url}: asked when it is first used")
    return skipped("Codecov", "not configured (CODECOV_TOKEN): coverage is told in the pull request alone")


def _validation(inspected: Inspected) -> ValidationSpec | None:
    """None where there is no valid spec, which has a line of its own."""
    file = inspected.settings.spec_file
    try:
        spec: Spec = load_spec(file.read_bytes(), str(file))
    except (DeployError, OSError):
        return None
    return spec.validation


def _given(secret: SecretStr | None) -> bool:
    return secret is not None and bool(secret.get_secret_value())
