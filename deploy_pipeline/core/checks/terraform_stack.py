"""A stack in a box: where its files lie, Terraform's environment there, and what a failed `init` means.

The checkout cannot be written to, so the stack is worked on in a tree of links to it. Running is `checks.stack_box`.
"""

import re
from collections.abc import Iterable

from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.checks.outcome import crashed
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.provider_lock import REGISTRY, Lock, not_locked
from deploy_pipeline.core.checks.terraform_diagnostics import errors_in, headline
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.terraform_cli import LOCK_FILE

NO_PROVIDER = re.compile(r"provider ([\w.-]+/[\w-]+/[\w-]+) was not found in any of the search locations")
NO_MODULE = re.compile(r"(?:ould not download|available versions for) module \"([^\"]{1,100})\"")
CHECKSUM = re.compile(r"installing (\S+) \S+ the local package for .{0,200}? doesn't match any of the checksums")
CHANGED = "Provider dependency changes detected"
OUT_OF_REACH = re.compile(
    r"AccessDenied|Forbidden|UnauthorizedOperation|AuthorizationError|not authorized to perform"
    r"|StatusCode: (?:403|5\d\d)|NoSuchBucket|[Bb]ucket \S* ?does not exist|[Nn]o valid credential|ExpiredToken"
    r"|InvalidClientTokenId"
    r"|failed to refresh cached credentials|connection (?:refused|reset)|no such host|i/o timeout|timeout exceeded"
    r"|proxyconnect|request send failed|Throttling|SlowDown|TooManyRequests|ServiceUnavailable|error using credentials"
)
"""What AWS, or the way to it, answers: it says nothing about the pull request."""
# Replaces a link by a file; everything happens in the box, where a path can only lead to what the box may write.
WRITE = "import os, sys; p = sys.argv[1]; os.path.lexists(p) and os.unlink(p); open(p, 'w').write(sys.argv[2])"


def tree(places: Places) -> str:
    """Where the repository's files are, as links, in folders that can be written to."""
    return f"{places.scratch}/tree"


def link_files(places: Places) -> tuple[str, ...]:
    """Make that tree: real folders, so that `../` leads where it does in the repository."""
    return ("cp", "-rs", "--", f"{places.checkout}/.", tree(places))


def no_providers(places: Places) -> str:
    """An empty folder, for a stack without providers."""
    return f"{places.scratch}/no-providers"


def write(path: str, text: str) -> tuple[str, ...]:
    """Write a file in the box."""
    return ("python3", "-I", "-c", WRITE, path, text)


def cli_configuration(places: Places, addresses: Iterable[str]) -> str:
    """Terraform's own configuration: these providers, from the mirror, and no other from anywhere."""
    listed = ", ".join(f'"{address}"' for address in sorted(addresses))
    # An empty list would mean every provider of the folder.
    mirror, include = (places.providers, f"    include = [{listed}]\n") if listed else (no_providers(places), "")
    return f'provider_installation {{\n  filesystem_mirror {{\n    path    = "{mirror}"\n{include}  }}\n}}\n'


def environment(places: Places) -> dict[str, str]:
    """What Terraform is told. Its data folder lies outside the tree: one that a pull request brings is not used."""
    return {
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "NO_COLOR": "1",
        "TF_DATA_DIR": f"{places.scratch}/terraform",
        "TF_CLI_CONFIG_FILE": f"{places.scratch}/terraform.rc",
    }


def init(places: Places) -> tuple[str, ...]:
    """Init without a backend."""
    return (
        places.program("terraform"), "init", "-backend=false", "-lockfile=readonly", "-input=false", "-no-color",
    )  # fmt: skip


def validate(places: Places) -> tuple[str, ...]:
    """Validate, after init."""
    return (places.program("terraform"), "validate", "-json", "-no-color")


def failed_init(outcome: Outcome, places: Places, folder: str, branch: str, base: Lock) -> Assessment | None:
    """What an `init` that finished means; None when it went well. `base` is what the base branch locks."""
    if outcome.returncode == 0:
        return None
    said = " ".join(outcome.stderr.split())
    return _missing(said, folder, branch, base) or _refused(outcome, said, places, folder)


def _missing(said: str, folder: str, branch: str, base: Lock) -> Assessment | None:
    """Something that init needs and that the box does not have."""
    if names := NO_PROVIDER.findall(said):
        new = [name for name in names if name not in base]
        if not new:
            known = ", ".join(dict.fromkeys(name.removeprefix(REGISTRY) for name in names))
            return Assessment("failed", f"{folder}/{LOCK_FILE} lacks {known}: run `terraform init` and commit it")
        return not_locked((name.removeprefix(REGISTRY) for name in new), f"{folder}/{LOCK_FILE}", branch)
    if modules := dict.fromkeys(NO_MODULE.findall(said)):
        fetched = ", ".join(plain(name, 100) for name in modules)
        return not_audited(f"{folder} fetches modules from the network, which is closed here: {fetched}")
    if package := CHECKSUM.search(said):
        todo = f"run `terraform providers lock -platform=linux_amd64` in {folder} and merge the lock file"
        return not_audited(f"{branch}'s lock file has no checksum of {plain(package[1], 80)} for this machine: {todo}")
    return None


def _refused(outcome: Outcome, said: str, places: Places, folder: str) -> Assessment:
    """What AWS, or Terraform itself, does not accept."""
    findings = errors_in(outcome.stderr, tree(places), folder, rule="terraform-init")
    if not findings:
        return crashed("terraform init", outcome)
    # Of an error with a place only the head: it goes on with what the pull request has written there.
    heads = (each.message.partition(": ")[0] if each.path else each.message for each in findings)
    if any(OUT_OF_REACH.search(head) for head in heads):
        return not_audited(f"{folder}: {findings[0].message}")
    if CHANGED in said:
        summary = f"{folder}/{LOCK_FILE} is not up to date: run `terraform init` and commit it"
        return Assessment("failed", summary, findings)
    return Assessment("failed", headline(findings, f"{folder}: terraform init"), findings)
