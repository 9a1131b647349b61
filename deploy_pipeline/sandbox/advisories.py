"""Published advisories on Python packages, and which versions they affect. A handful: their absence proves nothing."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

PYPI = "PyPI"
ECOSYSTEM = "ECOSYSTEM"  # the type of a range whose events are versions, not commits
BEGINNING = "0"  # in `introduced`: below every version
EVENTS = ("fixed", "introduced", "last_affected")  # in the order in which they count at one version

Advisory = Mapping[str, Any]
"""A record of the OSV schema (https://ossf.github.io/osv-schema/)."""


@dataclass(frozen=True)
class Advisories:
    """All records, in the order of the file."""

    records: tuple[Advisory, ...]

    def find(self, identity: str) -> Advisory | None:
        """The record with this id; aliases are no ids."""
        return next((record for record in self.records if record["id"] == identity), None)

    def of_package(self, name: str, version: Version | None = None) -> list[Advisory]:
        """The records on a package of PyPI, however its name is spelled; with a version only those that affect it."""
        return [record for record in self.records if _affects(record, canonicalize_name(name), version)]


def published_advisories() -> Advisories:
    """Those of the sandbox."""
    data = files("deploy_pipeline.sandbox") / "data" / "advisories.json"
    return Advisories(tuple(json.loads(data.read_text())))


def in_range(version: Version, events: Iterable[Mapping[str, str]]) -> bool:
    """Whether the events of a range, in any order, leave a version affected, as the OSV schema evaluates them."""
    affected = False
    for kind, value in sorted(_steps(events), key=_place):
        if kind == "introduced":
            affected = affected or value == BEGINNING or version >= Version(value)
        elif kind == "fixed":
            affected = affected and version < Version(value)
        else:
            affected = affected and version <= Version(value)
    return affected


def _affects(record: Advisory, name: str, version: Version | None) -> bool:
    packages = [part for part in record["affected"] if _is_package(part["package"], name)]
    if version is None:
        return bool(packages)
    return any(
        in_range(version, given["events"])
        for part in packages
        for given in part.get("ranges", [])
        if given["type"] == ECOSYSTEM
    )


def _is_package(package: Mapping[str, str], name: str) -> bool:
    return package["ecosystem"] == PYPI and canonicalize_name(package["name"]) == name


def _steps(events: Iterable[Mapping[str, str]]) -> list[tuple[str, str]]:
    return [(kind, value) for event in events for kind, value in event.items() if kind in EVENTS]


def _place(step: tuple[str, str]) -> tuple[bool, Version, int]:
    kind, value = step
    return (value != BEGINNING, Version(value), EVENTS.index(kind))
