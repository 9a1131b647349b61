"""Terraform's command lines, files and environment, as values. Running them is `gateways.local_terraform`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from glob import escape
from hashlib import sha256

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import BackendSpec

PLAN_FILE = "plan.tfplan"
VARIABLES_FILE = "deploy_pipeline.auto.tfvars.json"
OVERRIDE_FILE = "deploy_pipeline_override.tf"
LOCK_FILE = ".terraform.lock.hcl"

# Terraform's own way to take the value of a variable from the environment.
VARIABLE_PREFIX = "TF_VAR_"
# What Terraform may know of AWS from our own environment. The endpoint is ours to set, never inherited.
AWS_NAMES = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED", "AWS_STS_REGIONAL_ENDPOINTS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS",
)  # fmt: skip

# Of these, what says where and as whom, and not with which key.
PLACES = (
    "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ROLE_ARN",
    "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ENDPOINT_URL",
)  # fmt: skip

# For an emulator: no virtual-host addresses of buckets, and no questions that only AWS itself answers.
ENDPOINT_OVERRIDE = """\
provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
"""
ENDPOINT_BACKEND = (
    "use_path_style=true", "skip_credentials_validation=true", "skip_region_validation=true",
    "skip_requesting_account_id=true", "skip_metadata_api_check=true", "skip_s3_checksum=true",
)  # fmt: skip


def version(terraform: str) -> list[str]:
    """Print Terraform's version as JSON."""
    return [terraform, "version", "-json"]


def rule_files(environment: Mapping[str, str]) -> list[str]:
    """Where Terraform's own configuration may lie, which can put another build in a provider's place, and AWS's, which

    says where and as whom a profile works. Names with wildcards.
    """
    home, given = environment.get("HOME", ""), environment.get("TF_CLI_CONFIG_FILE", "")
    own = [f"{escape(home)}/.terraformrc", f"{escape(home)}/.terraform.d/*.tfrc*"] if home else []
    aws = environment.get("AWS_CONFIG_FILE") or (f"{home}/.aws/config" if home else "")
    return [*([escape(given)] if given else own), *([escape(aws)] if aws else [])]


def identity(printed: str, environment: Mapping[str, str], rules: Iterable[str]) -> str:
    """SHA-256 of what decides a plan apart from the stack: what `version` printed, `environment`, configuration."""
    try:
        known = json.loads(printed)
        parts = [known["terraform_version"], known["platform"]]
    except (ValueError, KeyError, TypeError) as error:
        what = f"cannot read Terraform's version: {error!r}"
        raise DeployError(what, where="terraform version", todo="check Terraform") from error
    kept = {name: value for name, value in environment.items()
            if name in PLACES or name.startswith(VARIABLE_PREFIX)}  # fmt: skip
    return sha256(json.dumps([parts, kept, list(rules)], sort_keys=True).encode()).hexdigest()


def init(terraform: str, backend: BackendSpec, *, locked: bool, emulated: bool) -> list[str]:
    """Fetch providers and modules and open the backend. `locked`: the stack brings a lock file, which must hold."""
    settings = [f"bucket={backend.bucket}", f"key={backend.key}", f"region={backend.region}", "use_lockfile=true"]
    if emulated:
        settings.extend(ENDPOINT_BACKEND)
    readonly = ["-lockfile=readonly"] if locked else []
    return [
        terraform,
        "init",
        "-input=false",
        "-no-color",
        *readonly,
        *(f"-backend-config={item}" for item in settings),
    ]


NO_CHANGES, CHANGES = 0, 2
"""How a plan ends that has been made."""


def plan(terraform: str, plan_file: str) -> list[str]:
    """Plan into `plan_file`. Ends with `NO_CHANGES`, `CHANGES`, or 1 for an error.

    It takes no lock, which a plan that is killed would leave behind: Terraform refuses to apply a plan whose state has
    changed since.

    The variables' file is named although Terraform finds it: a file of the stack that sorts after it would win.
    """
    files = [f"-var-file={VARIABLES_FILE}", f"-out={plan_file}"]
    return [terraform, "plan", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode", *files]


def show(terraform: str, plan_file: str) -> list[str]:
    """Give a saved plan as JSON, sensitive values included."""
    return [terraform, "show", "-json", "-no-color", plan_file]


def apply(terraform: str, plan_file: str, lock_timeout: float) -> list[str]:
    """Apply a saved plan; nobody is asked, because the plan was."""
    return [terraform, "apply", "-input=false", "-no-color", _lock(lock_timeout), plan_file]


def _lock(seconds: float) -> str:
    return f"-lock-timeout={seconds:g}s"


def state_pull(terraform: str) -> list[str]:
    """Give the state as JSON."""
    return [terraform, "state", "pull"]


def state_push(terraform: str, file: str, lock_timeout: float) -> list[str]:
    """Write a state to the backend; Terraform refuses one that is older than what is there, or another stack's."""
    return [terraform, "state", "push", _lock(lock_timeout), file]


def environment(
    minimal: Mapping[str, str],
    given: Mapping[str, str],
    *,
    endpoint_url: str | None = None,
    config_file: str | None = None,
    plugin_cache: str | None = None,
) -> dict[str, str]:
    """The whole environment of a Terraform command: the minimal one, and what `given` has of AWS and of variables."""
    fixed = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
    allowed = {name: value for name, value in given.items() if name in AWS_NAMES or name.startswith(VARIABLE_PREFIX)}
    chosen = {
        "AWS_ENDPOINT_URL": endpoint_url,
        "TF_CLI_CONFIG_FILE": config_file,
        "TF_PLUGIN_CACHE_DIR": plugin_cache,
    }
    return {**minimal, **allowed, **{name: value for name, value in chosen.items() if value}, **fixed}


def variables_in(environment: Mapping[str, str]) -> dict[str, str]:
    """The values of variables in an environment."""
    return {name: value for name, value in environment.items() if name.startswith(VARIABLE_PREFIX)}


def without_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without values of variables."""
    return {name: value for name, value in environment.items() if not name.startswith(VARIABLE_PREFIX)}


def mirror_config(mirror: str, providers: Sequence[str]) -> str:
    """A CLI configuration that takes `providers` from a folder and anything else from its registry.

    Terraform asks every source that may have a provider, so the registry must be told not to have these.
    """
    names = ", ".join(f'"{provider}"' for provider in providers)
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = [{names}]\n  }}\n'
        f"  direct {{\n    exclude = [{names}]\n  }}\n"
        "}\n"
    )
