"""Runs one check: whether it has to run at all, how long it took, and what is left of what it found."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass

from deploy_pipeline.checks.bench import Bench, Listener
from deploy_pipeline.checks.relevance import why_not
from deploy_pipeline.core.checks.assessment import MOST_FINDINGS, Assessment, CheckResult, Finding, Report, skipped
from deploy_pipeline.core.checks.catalogue import policy_of
from deploy_pipeline.core.checks.encodable import encodable
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError

Check = Callable[[Subject, Bench], Assessment]


@dataclass(frozen=True)
class Checked:
    """A result, and the files that belong to it and are not kept yet."""

    result: CheckResult
    reports: tuple[Report, ...] = ()


def run_check(name: str, check: Check, subject: Subject, bench: Bench, *, everything: bool = False) -> Checked:
    """Run a check where the changed files make it relevant (`everything`: in any case).

    Any error is trouble of ours: the check is broken then, and the others go on.
    """
    policy = policy_of(subject.spec, name)
    started = bench.clock.monotonic()
    assessment = _assessed(name, check, subject, bench, everything=everything and policy.enabled)
    seconds = round(bench.clock.monotonic() - started, 2)
    return Checked(_result(name, assessment, policy.blocking, seconds), assessment.reports)


def _assessed(name: str, check: Check, subject: Subject, bench: Bench, *, everything: bool) -> Assessment:
    try:
        reason = None if everything else why_not(name, subject)
        return skipped(reason) if reason else check(subject, bench)
    except DeployError as error:
        return Assessment("broken", plain(str(error)))
    # Whatever a head makes a parser or the file system do: one check must not keep all others from being reported. A
    # broken check never passes, and a cancelled run is no Exception.
    except Exception as error:  # noqa: BLE001 - see above
        tell(error, bench.on_line)
        kind = type(error).__name__
        return Assessment("broken", f"the check itself failed with {kind}: see the log of its step")


def tell(error: Exception, on_line: Listener) -> None:
    """Write where a mistake of ours happened into the log."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        on_line(line)


def _result(name: str, assessment: Assessment, required: bool, seconds: float) -> CheckResult:
    findings = sorted(assessment.findings, key=_importance)
    result = CheckResult(
        check=name,
        state=assessment.state,
        summary=assessment.summary,
        required=required,
        seconds=seconds,
        found=len(findings),
        blocking=sum(finding.blocks for finding in findings),
        findings=tuple(findings[:MOST_FINDINGS]),
        tables=assessment.tables,
        facts=assessment.facts,
    )
    return encodable(result)


def _importance(finding: Finding) -> tuple[bool, bool, str, int]:
    return not finding.blocks, finding.known, finding.path, finding.line
