"""pip-audit: its command line, the service that it asks, and what its reports mean against the base's requirements."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, not_audited, skipped
from deploy_pipeline.core.checks.known_findings import blocking
from deploy_pipeline.core.checks.pins import Pin, Requirements, summary_of_new
from deploy_pipeline.core.checks.plain_text import counted, plain
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome, Places
from deploy_pipeline.core.spec_python_checks import PipAuditCheck

CLEAN, VULNERABLE = 0, 1
QUERY = "/v1/query"
IN_BOX = "advisories.internal"
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class AdvisoryService:
    """Where advisories come from: pip-audit's options, and what the box has to reach for that."""

    options: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    redirects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Audited:
    """What pip-audit says of one package: its vulnerabilities, or why it was not looked up."""

    vulnerabilities: tuple[tuple[str, str], ...] = ()
    """id and description of each"""
    skipped: str = ""


Audit = Mapping[tuple[str, str], Audited]
"""(name, version) -> what is known."""


def advisory_service(url: str | None) -> AdvisoryService:
    """PyPI's own service without a URL, else an OSV service. One on this machine gets a name of its own in the box.

    Raises DeployError for a URL that cannot be used.
    """
    if url is None:
        return AdvisoryService(("--vulnerability-service=pypi",), ("pypi.org:443",))
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname:
        raise DeployError("is not the URL of an OSV service", where=url, todo="give it as http://host:port")
    port = parts.port or PORTS[parts.scheme]
    path = parts.path.rstrip("/").removesuffix(QUERY) + QUERY
    if parts.hostname not in LOCAL:
        return AdvisoryService(_osv(f"{parts.scheme}://{parts.netloc}{path}"), (f"{parts.hostname}:{port}",))
    if parts.scheme != "http":
        raise DeployError("a service on this machine is asked without TLS", where=url, todo="give it as http://…")
    return AdvisoryService(_osv(f"http://{IN_BOX}{path}"), redirects={f"{IN_BOX}:80": f"{parts.hostname}:{port}"})


def argv(spec: PipAuditCheck, places: Places, service: AdvisoryService, file: str) -> tuple[str, ...]:
    """Look up what stands in one file of exact versions; pip is not used, so nothing is downloaded or run."""
    return (
        places.program("pip-audit"), "--requirement", file, "--no-deps", "--disable-pip", "--format=json",
        "--progress-spinner=off", f"--cache-dir={places.scratch}/advisories", *service.options,
        *(f"--ignore-vuln={each}" for each in spec.ignore),
    )  # fmt: skip


def read_round(group: Mapping[str, str], outcome: Outcome) -> dict[tuple[str, str], Audited]:
    """What one run says of each pin of its group. A pin that the report leaves out was not looked up."""
    told: dict[str, Audited] = {}
    silent = Audited(skipped=_failure(outcome))
    if outcome.ending == "finished" and outcome.returncode in {CLEAN, VULNERABLE}:
        try:
            told = {str(each["name"]): _audited(each) for each in json.loads(outcome.stdout)["dependencies"]}
            silent = Audited(skipped="pip-audit did not report on it")
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            told = {}
    if "Unsupported OSV schema" in outcome.stderr:
        told, silent = {}, Audited(skipped="the advisory service speaks an unknown version of OSV")
    return {(name, version): told.get(name, silent) for name, version in group.items()}


def assess(head: Requirements, base: Requirements, audit: Audit, reports: tuple[Report, ...]) -> Assessment:
    """New vulnerabilities fail; otherwise anything that was not looked up makes the whole check not audited."""
    if not head.pins and not head.unaudited:
        return skipped("the requirement files name no packages")
    known = {(each.rule, each.subject) for each in _vulnerabilities(base.pins, audit)}
    found = tuple(
        replace(each, known=True, blocks=False) if (each.rule, each.subject) in known else each
        for each in _vulnerabilities(head.pins, audit)
    )
    left_out = (*head.unaudited, *_left_out(head.pins, audit))
    new = blocking(found)
    facts: dict[str, str | int | float] = {
        "audited": len(head.pins) + len(head.unaudited) - len(left_out),
        "vulnerabilities": len(found),
        "new": len(new),
        "not_audited": len(left_out),
    }
    ended = Assessment(
        "passed", f"{counted(len(head.pins), 'requirement')} audited, no new vulnerability", (*found, *left_out)
    )
    if new:
        ended = replace(ended, state="failed", summary=summary_of_new(new))
    elif left_out:
        summary = f"{len(left_out)} of {counted(len(head.pins) + len(head.unaudited), 'requirement')} not audited: "
        ended = replace(not_audited(summary + left_out[0].message), findings=ended.findings)
    return replace(ended, facts=facts, reports=reports)


def _osv(url: str) -> tuple[str, ...]:
    return "--vulnerability-service=osv", f"--osv-url={url}"


def _failure(outcome: Outcome) -> str:
    if outcome.ending != "finished":
        return (
            "the advisory service did not answer in time" if outcome.ending == "timed_out" else "pip-audit was stopped"
        )
    said = plain(outcome.stderr.strip().rsplit("\n", 1)[-1], 200)
    return f"the advisory service gave no usable answer: {said or f'return code {outcome.returncode}'}"


def _audited(dependency: dict[str, Any]) -> Audited:
    if "skip_reason" in dependency:
        return Audited(skipped=plain(str(dependency["skip_reason"]), 200) or "skipped")
    return Audited(tuple((plain(str(each["id"]), 60), _description(each)) for each in dependency["vulns"]))


def _description(vulnerability: dict[str, Any]) -> str:
    aliases = ", ".join(sorted(map(str, vulnerability["aliases"]))[:5])
    fixed = ", ".join(map(str, vulnerability["fix_versions"])) or "no version yet"
    said = plain(str(vulnerability.get("description")), 240)
    return plain(f"{aliases or vulnerability['id']}: {said} (fixed in {fixed})")


def _vulnerabilities(pins: Iterable[Pin], audit: Audit) -> tuple[Finding, ...]:
    return tuple(
        Finding(rule, f"{pin.name} {pin.version}: {description}", path=pin.path, line=pin.line, subject=pin.name)
        for pin in pins
        for rule, description in audit[pin.name, pin.version].vulnerabilities
    )


def _left_out(pins: Iterable[Pin], audit: Audit) -> tuple[Finding, ...]:
    return tuple(
        Finding("not-audited", f"{pin.name} {pin.version}: {reason}", "warning", pin.path, pin.line, 0, pin.name, False)
        for pin in pins
        if (reason := audit[pin.name, pin.version].skipped)
    )
