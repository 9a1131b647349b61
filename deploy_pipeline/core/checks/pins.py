"""The exact versions that requirement files name, as values for auditors. Installs nothing and follows no `-r`."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.plain_text import counted, plain

COMMENT = re.compile(r"(^|\s)#.*$")
OPTIONS = re.compile(r"\s--(hash|config-settings|global-option)[= ].*$")
INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]*(\S+)$")
# Each alone on its line. pip takes several options on one line, and the first letters of an option for the option.
WITHOUT_PACKAGES = re.compile(
    r"--(?:pre|no-index|prefer-binary|require-hashes)"
    r"|(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-binary|--only-binary|--trusted-host|--use-feature)"
    r"(?:=|\s+)[^\s-]\S*"
)
UNAUDITED = "not-audited"


@dataclass(frozen=True)
class Pin:
    """A package with its exact version, and where it stands. `name` is normalised as the package index does it."""

    path: str
    line: int
    name: str
    version: str


@dataclass(frozen=True)
class Requirements:
    """What the requirement files say. `unaudited` are the requirements that no auditor can look up, as warnings."""

    pins: tuple[Pin, ...] = ()
    unaudited: tuple[Finding, ...] = ()


def read_requirements(files: Mapping[str, str]) -> Requirements:
    """Every requirement in the files (path -> text). What cannot be understood is unaudited, never left out."""
    pins: list[Pin] = []
    unaudited: list[Finding] = []
    for path, text in sorted(files.items()):
        for line, requirement in _lines(text):
            if _says_nothing_of_packages(path, requirement, files):
                continue
            pin = _pin(path, line, requirement)
            if isinstance(pin, Pin):
                pins.append(pin)
            else:
                unaudited.append(pin)
    return Requirements(tuple(pins), tuple(unaudited))


def rounds(pins: Iterable[Pin]) -> tuple[dict[str, str], ...]:
    """The distinct pins (name -> version) in as few groups as hold each name only once: auditors refuse it twice."""
    groups: list[dict[str, str]] = []
    for name, version in dict.fromkeys((pin.name, pin.version) for pin in pins):
        free = next((group for group in groups if name not in group), None)
        if free is None:
            groups.append({name: version})
        else:
            free[name] = version
    return tuple(groups)


def round_text(group: Mapping[str, str]) -> str:
    """A requirement file for one group: nothing in it but names and versions that were read above."""
    return "".join(f"{name}=={version}\n" for name, version in group.items())


def summary_of_new(new: Iterable[Finding]) -> str:
    """How many new vulnerabilities there are, and in which packages."""
    each = list(new)
    many = counted(len(each), "new vulnerability", "new vulnerabilities")
    return f"{many} in {plain(', '.join(dict.fromkeys(finding.subject for finding in each)), 80)}"


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first, without comments and without the options of a requirement."""
    start, collected = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        stripped = COMMENT.sub("", line)
        if stripped.endswith("\\"):
            collected += f"{stripped[:-1]} "
            continue
        collected += stripped
        if collected.strip():
            yield start, OPTIONS.sub("", f" {collected} ").strip()
        start, collected = 0, ""
    if collected.strip():
        yield start, collected.strip()


def _says_nothing_of_packages(path: str, line: str, files: Mapping[str, str]) -> bool:
    """An include of a file that is read itself, or an option about where packages come from."""
    include = INCLUDE.match(line)
    if include:
        return posixpath.normpath(posixpath.join(posixpath.dirname(path), include[1])) in files
    return WITHOUT_PACKAGES.fullmatch(line) is not None


def _pin(path: str, line: int, text: str) -> Pin | Finding:
    try:
        requirement = Requirement(text)
    except (ValueError, RecursionError):  # also what is nested too deep for the parser
        return _unaudited(path, line, text, "is not a requirement by name")
    if requirement.url:
        return _unaudited(path, line, text, "comes from a URL")
    version = _exact(requirement.specifier)
    if version is None:
        return _unaudited(path, line, text, "has no exact version")
    return Pin(path, line, canonicalize_name(requirement.name), version)


def _exact(specifiers: SpecifierSet) -> str | None:
    exact = [each.version for each in specifiers if each.operator in {"==", "==="}]
    if len(exact) != 1:
        return None
    try:
        return str(Version(exact[0]))
    except ValueError:  # also `==1.*`, and more digits than Python makes a number of
        return None


def _unaudited(path: str, line: int, text: str, why: str) -> Finding:
    subject = plain(text, 100)
    return Finding(UNAUDITED, f"{subject} {why}, so it was not audited", "warning", path, line, 0, subject, False)
