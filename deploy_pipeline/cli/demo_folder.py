"""The demo's own folder and environment: what it may delete, and what it must not see of its user."""

import shutil
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import minimal_environment
from deploy_pipeline.sandbox import sandbox

CLAIM = ".deploy-pipeline-demo"  # only the demo writes this file
FORGOTTEN = ("doubles", "dagster", "work")
REPORT = "demo.json"
OWNER_ONLY = 0o700
PRIVATE = ("AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_", "DAGSTER_", "TF_VAR_", "TF_TOKEN_")
HARMLESS = (
    "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_CACHE_HOME", "VIRTUAL_ENV",
    "TF_PLUGIN_CACHE_DIR", "TF_CLI_CONFIG_FILE",
)  # fmt: skip


def claim(home: Path) -> None:
    """Make `home` the demo's, or find that it is. Raises `DeployError` when it holds somebody else's folders."""
    if sandbox.status(home).works:
        todo = "deploy-pipeline sandbox down, or give --home another folder"
        raise DeployError(f"the sandbox in {home} is up", where="demo", todo=todo)
    foreign = [name for name in FORGOTTEN if (home / name).exists()]
    if foreign and not (home / CLAIM).is_file():
        what = f"no demo made {', '.join(foreign)} in {home}, and a demo deletes what it finds there"
        todo = f"give --home another folder; a sandbox goes with `deploy-pipeline sandbox down --purge --home {home}`"
        raise DeployError(what, where="demo", todo=todo)
    home.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
    (home / CLAIM).write_text("`deploy-pipeline demo` deletes what is in this folder.\n")


def forget_earlier_demo(home: Path) -> None:
    """Begin with the project's source and no history. Only in a folder that `claim` has let pass."""
    (home / REPORT).unlink(missing_ok=True)
    for folder in (home / name for name in FORGOTTEN):
        try:
            if folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            raise DeployError(f"cannot delete {folder}: {error}", where="demo", todo="delete it yourself") from error


def harmless(environment: Mapping[str, str]) -> dict[str, str]:
    """What the demo's Dagster may see of its user's environment: ways to the tools and the network, no credential."""
    wanted = {name: environment[name] for name in HARMLESS if name in environment}
    ways = {
        name: value for name, value in environment.items() if name.startswith("PIP_") or name.lower().endswith("_proxy")
    }
    return {**minimal_environment(environment), **wanted, **ways}


def forget_own_accounts(environment: MutableMapping[str, str]) -> None:
    """Take everything out of a process's environment that names an account, an address or a secret of its user."""
    for name in [name for name in environment if name.startswith(PRIVATE)]:
        del environment[name]
