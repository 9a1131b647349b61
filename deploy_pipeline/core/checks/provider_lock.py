"""Which providers a pull request may run: those in the base branch's lock files, at exactly those versions.

A provider is a program. Whoever can choose it can run anything, so a pull request cannot. Only reads the form in
which Terraform itself writes lock files: a provider that is hidden by another form is one that is not locked.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy_pipeline.core.checks.assessment import Assessment, Finding, not_audited
from deploy_pipeline.core.terraform_cli import LOCK_FILE

REGISTRY = "registry.terraform.io/"
RULE = "provider-not-locked"
BLOCK = re.compile(
    r'^provider "(?P<address>[A-Za-z0-9.:-]+/[A-Za-z0-9_-]+/[A-Za-z0-9_-]+)" \{\n(?P<body>.*?)^\}', re.M | re.S
)
VERSION = re.compile(r'^  version +=\s"(?P<value>[0-9A-Za-z.+-]+)"$', re.M)
CONSTRAINTS = re.compile(r'^  constraints +=\s"(?P<value>[0-9A-Za-z.+<>=!~, -]+)"$', re.M)
HASH = re.compile(r'^    "(?P<value>(?:h1|zh):[A-Za-z0-9+/=]+)",$', re.M)


@dataclass(frozen=True)
class LockedProvider:
    """One provider of a lock file. `address` has host, namespace and type; `constraints` is "" where there are none."""

    address: str
    version: str
    constraints: str = ""
    hashes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What people call it: without the host where that is the public registry."""
        return self.address.removeprefix(REGISTRY)


Lock = Mapping[str, LockedProvider]


def read_lock(text: str) -> Lock:
    """The providers of a lock file, by address. What is not in Terraform's own form is left out."""
    found = (_provider(block["address"], block["body"]) for block in BLOCK.finditer(text.replace("\r\n", "\n")))
    return {provider.address: provider for provider in found if provider}


def refusal(head: Lock, base: Lock, folder: str, branch: str) -> Assessment | None:
    """Why the head's providers are not run; None when the base has each of them at the same version."""
    path = f"{folder}/{LOCK_FILE}"
    if new := [provider for address, provider in head.items() if address not in base]:
        return not_locked((provider.name for provider in new), path, branch)
    other = [provider for address, provider in head.items() if provider.version != base[address].version]
    if other:
        changes = ", ".join(f"{each.name} {base[each.address].version} to {each.version}" for each in other)
        return not_audited(f"{path} moves {changes}: only the versions on {branch} are run before the merge")
    return None


def not_locked(names: Iterable[str], path: str, branch: str) -> Assessment:
    """A failure that names each provider which the base branch does not have."""
    known = tuple(dict.fromkeys(names))
    findings = tuple(
        Finding(RULE, f"provider {name} is not in {branch}'s lock file", path=path, subject=name) for name in known
    )
    summary = f"provider {', '.join(known)} is not in {branch}'s lock file: a maintainer adds it there first"
    return Assessment("failed", summary, findings)


def chosen(head: Lock, base: Lock) -> Lock:
    """What the head locks, with the base's checksums: the lock file that Terraform is given."""
    return {
        address: LockedProvider(address, base[address].version, provider.constraints, base[address].hashes)
        for address, provider in head.items()
        if address in base
    }


def lock_text(lock: Lock) -> str:
    """A lock file; "" for one without providers."""
    return "\n".join(_block(lock[address]) for address in sorted(lock))


def required_providers(lock: Lock) -> dict[str, object]:
    """A configuration (`main.tf.json`) that needs exactly these providers: generated, so nothing of it is untrusted."""
    needed = {
        f"provider{position}": {"source": lock[address].address, "version": lock[address].version}
        for position, address in enumerate(sorted(lock))
    }
    return {"terraform": {"required_providers": needed}}


def _provider(address: str, body: str) -> LockedProvider | None:
    version, constraints = VERSION.search(body), CONSTRAINTS.search(body)
    hashes = tuple(each["value"] for each in HASH.finditer(body))
    if version is None:
        return None
    return LockedProvider(address, version["value"], constraints["value"] if constraints else "", hashes)


def _block(provider: LockedProvider) -> str:
    constraints = f'  constraints = "{provider.constraints}"\n' if provider.constraints else ""
    hashes = "".join(f'    "{each}",\n' for each in provider.hashes)
    head = f'provider "{provider.address}" {{\n  version     = "{provider.version}"\n'
    return f"{head}{constraints}  hashes = [\n{hashes}  ]\n}}\n"
