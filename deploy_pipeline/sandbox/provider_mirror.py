"""Where Terraform gets the AWS provider from: a folder on this machine when there is one, else the registry."""

import platform
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import httpx

from deploy_pipeline.core.errors import DeployError

REGISTRY = "https://registry.terraform.io/.well-known/terraform.json"
PROVIDER = Path("registry.terraform.io", "hashicorp", "aws")
# The folders that Terraform itself searches: its documentation of the CLI configuration calls them
# "implied local mirror directories".
IMPLIED = (
    "~/.terraform.d/plugins",
    "~/.local/share/terraform/plugins",
    "/usr/local/share/terraform/plugins",
    "/usr/share/terraform/plugins",
)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
ASK_SECONDS = 5


def mirror_candidates(environment: Mapping[str, str], optional_software: Path = Path("/opt")) -> list[Path]:
    """Folders that may hold providers, in the order of preference. They need not exist."""
    configured = environment.get("TF_PLUGIN_CACHE_DIR")
    below = sorted(optional_software.iterdir()) if optional_software.is_dir() else []
    return [*([Path(configured)] if configured else []), *(Path(path).expanduser() for path in IMPLIED), *below]


def find_mirror(candidates: Iterable[Path]) -> Path | None:
    """The first folder that holds the AWS provider for this machine."""
    return next((folder for folder in candidates if _holds_provider(folder / PROVIDER)), None)


def registry_answers() -> bool:
    """Whether Terraform's public registry can be reached from here."""
    try:
        return httpx.get(REGISTRY, timeout=ASK_SECONDS).is_success
    except httpx.HTTPError:
        return False


def choose_mirror(candidates: Iterable[Path], registry_answers: Callable[[], bool] = registry_answers) -> Path | None:
    """A mirror folder, or None for the registry itself. A `DeployError` when there is neither."""
    found = find_mirror(candidates)
    if found or registry_answers():
        return found
    raise DeployError(
        "the AWS provider is in no plugin folder of this machine, and registry.terraform.io cannot be reached",
        where="terraform",
        todo=f"where there is a network, run `terraform providers mirror plugins`; copy `plugins` here as {IMPLIED[0]}",
    )


def cli_configuration(mirror: Path) -> str:
    """A Terraform CLI configuration that takes the AWS provider from the mirror, and all others from their registry."""
    pattern = PROVIDER.as_posix()
    return (
        "provider_installation {\n"
        f'  filesystem_mirror {{\n    path    = "{mirror}"\n    include = ["{pattern}"]\n  }}\n'
        f'  direct {{\n    exclude = ["{pattern}"]\n  }}\n'
        "}\n"
    )


def _holds_provider(folder: Path) -> bool:
    target = f"linux_{ARCHITECTURES.get(platform.machine(), platform.machine())}"
    unpacked, packed = folder.glob(f"*/{target}"), folder.glob(f"terraform-provider-aws_*_{target}.zip")
    return any(unpacked) or any(packed)
