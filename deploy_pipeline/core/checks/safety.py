"""safety: its command line, and what its report means. It needs an account: the key goes through the environment.

Written from the schema of its reports (`safety_schemas`, version 3.0).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, not_audited
from deploy_pipeline.core.checks.known_findings import blocking
from deploy_pipeline.core.checks.pins import Requirements, summary_of_new
from deploy_pipeline.core.checks.plain_text import counted, plain
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import SafetyCheck

NO_KEY = "needs an account: set SAFETY_API_KEY"
KEY_VARIABLE = "SAFETY_API_KEY"
HOSTS = ("*.safetycli.com:443",)
CLEAN, VULNERABLE = 0, 64
FAILURES = {
    65: "the account's key was refused",
    66: "the service refuses further requests for now",
    68: "the advisories could not be fetched",
    72: "the account's email address is not verified",
}
Vulnerabilities = Mapping[str, tuple[str, ...]]
"""Package -> the ids of its vulnerabilities."""


def argv(places: Places, folder: str) -> tuple[str, ...]:
    """Look up what stands in the requirement files of a folder."""
    return (
        places.program("safety"), "--disable-optional-telemetry", "--stage", "cicd",
        "scan", "--target", folder, "--output", "json",
    )  # fmt: skip


def read(outcome: Outcome) -> Vulnerabilities | str:
    """The vulnerabilities that are not ignored by the account's policy, or why nothing is known."""
    if outcome.ending != "finished":
        return "safety did not end in time" if outcome.ending == "timed_out" else "safety was stopped"
    if outcome.returncode not in {CLEAN, VULNERABLE}:
        said = outcome.stderr.strip().rsplit("\n", 1)[-1]
        return FAILURES.get(outcome.returncode or 0, f"safety failed: {plain(said, 200) or 'no output'}")
    try:
        found: dict[str, tuple[str, ...]] = {}
        for name, ids in _packages(outcome.stdout):
            found[name] = (*found.get(name, ()), *ids)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return "the report of safety cannot be read"
    if outcome.returncode == VULNERABLE and not any(found.values()):
        return "safety found vulnerabilities and its report names none"
    return found


def assess(
    spec: SafetyCheck, head: Requirements, found: Vulnerabilities, base: Vulnerabilities, reports: tuple[Report, ...]
) -> Assessment:
    """Vulnerabilities that the base's requirements have too are known and do not block."""
    findings = tuple(
        replace(each, known=True, blocks=False) if each.rule in base.get(each.subject, ()) else each
        for each in _findings(spec, head, found)
    )
    new = blocking(findings)
    everything = (*findings, *head.unaudited)
    if new:
        return Assessment("failed", summary_of_new(new), everything, reports=reports)
    if head.unaudited:
        summary = f"{counted(len(head.unaudited), 'requirement')} not audited: {head.unaudited[0].message}"
        return replace(not_audited(summary, reports), findings=everything)
    summary = f"{counted(len(head.pins), 'requirement')} audited, no new vulnerability"
    return Assessment("passed", summary, everything, reports=reports)


def _packages(report: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where the schema has a list and the report has nothing of the kind, the report is refused."""
    for project in json.loads(report)["scan_results"]["projects"]:
        for file in project["files"]:
            for dependency in file["results"]["dependencies"]:
                for specification in dependency["specifications"]:
                    known = specification["vulnerabilities"]["known_vulnerabilities"]
                    ids = tuple(plain(str(each["id"]), 60) for each in known if not each.get("ignored"))
                    yield str(dependency["name"]), ids


def _findings(spec: SafetyCheck, head: Requirements, found: Vulnerabilities) -> Iterator[Finding]:
    placed = {pin.name: pin for pin in head.pins}
    for name, ids in found.items():
        for each in ids:
            if each in spec.ignore:
                continue
            pin = placed.get(name)
            message = f"{plain(name, 60)}: {each}, see https://data.safetycli.com/v/{each}"
            yield Finding(each, message, path=pin.path if pin else "", line=pin.line if pin else 0, subject=name)
