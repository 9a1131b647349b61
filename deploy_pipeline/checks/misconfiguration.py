"""The checks of infrastructure code for security: Trivy, tfsec and Checkov, over the head and over the merge base."""

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.resources import files

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.tool_run import SECONDS, absent_targets
from deploy_pipeline.checks.tree_files import has_folder, new_suppressions
from deploy_pipeline.core.checks import checkov, tfsec, trivy_config
from deploy_pipeline.core.checks.assessment import Assessment, Report, not_audited
from deploy_pipeline.core.checks.misconfiguration import Read, merged, verdict
from deploy_pipeline.core.checks.outcome import crashed, unfinished, unreadable
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import BoxSetup, Outcome
from deploy_pipeline.core.spec_infrastructure_checks import MisconfigurationCheck
from deploy_pipeline.gateways.isolation import Box

REPORT_MB = 64
"""Trivy repeats the code of each finding."""


@dataclass(frozen=True)
class Scan:
    """What a scanner said about one tree. `failure` is set where it did not come to its end."""

    read: Read | None = None
    report: bytes = b""
    failure: Assessment | None = None


Scanner = Callable[[Box, str, tuple[str, ...]], Scan]
"""Scans these folders, paths in the box, of the tree that is mounted at the second argument."""


def check_trivy_config(subject: Subject, bench: Bench) -> Assessment:
    """Misconfigurations of Terraform, Dockerfiles and the like, by Trivy's own rules and ours."""
    spec = subject.spec.validation.checks.trivy_config
    program = bench.settings.programs.get("trivy")
    if program is None:
        return not_audited("Trivy is not installed on the pipeline's machine")
    setup = replace(bench.box("trivy-config", subject), programs={"trivy": program})

    def scan_one(box: Box, root: str, folder: str) -> Scan:
        report = f"{box.places.scratch}/report.json"
        outcome = _run(box, trivy_config.argv(box.places, folder, report), spec, bench)
        content = box.read(report, REPORT_MB)
        read = trivy_config.parse(spec, content, outcome.stderr, folder, root)
        return _scanned("Trivy", outcome, read, content or b"", setup, spec)

    def scan(box: Box, root: str, folders: tuple[str, ...]) -> Scan:
        ready = _run(box, trivy_config.lay_out(spec, box.places, trivy_rules()), spec, bench)
        if ready.returncode != 0:
            failure = unfinished(ready, spec.timeout_minutes, setup.limits)
            return Scan(failure=failure or crashed("laying out Trivy's rules", ready))
        return _one_by_one(scan_one)(box, root, folders)

    return _compared("trivy_config", "Trivy", spec, subject, bench, setup, scan)


def trivy_rules() -> dict[str, str]:
    """Our own rules for Trivy, which come with the pipeline: file name -> Rego."""
    folder = files("deploy_pipeline") / "data" / "trivy-checks"
    return {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir() if each.name.endswith(".rego")}


def check_tfsec(subject: Subject, bench: Bench) -> Assessment:
    """Misconfigurations of Terraform, by tfsec itself where it is installed."""
    spec = subject.spec.validation.checks.tfsec
    program = bench.settings.programs.get("tfsec")
    if program is None:
        return not_audited("tfsec is not installed on the pipeline's machine; Trivy has its rules")
    setup = replace(bench.box("tfsec", subject), programs={"tfsec": program})

    def scan_one(box: Box, root: str, folder: str) -> Scan:
        report = f"{box.places.scratch}/report.json"
        outcome = _run(box, tfsec.argv(box.places, folder, report), spec, bench)
        content = box.read(report, REPORT_MB)
        return _scanned("tfsec", outcome, tfsec.parse(spec, content, root), content or b"", setup, spec)

    return _compared("tfsec", "tfsec", spec, subject, bench, setup, _one_by_one(scan_one))


def check_checkov(subject: Subject, bench: Bench) -> Assessment:
    """Misconfigurations of Terraform, by Checkov."""
    spec = subject.spec.validation.checks.checkov
    setup = bench.box("checkov", subject)

    def scan(box: Box, root: str, folders: tuple[str, ...]) -> Scan:
        outcome = _run(box, checkov.argv(spec, box.places, folders), spec, bench)
        read = checkov.parse(spec, outcome.stdout, root)
        ended = (checkov.CLEAN, checkov.FOUND)
        return _scanned("Checkov", outcome, read, outcome.stdout.encode(), setup, spec, ended)

    return _compared("checkov", "Checkov", spec, subject, bench, setup, scan)


def _run(box: Box, argv: tuple[str, ...], spec: MisconfigurationCheck, bench: Bench) -> Outcome:
    """In the scratch folder: what lies in the current folder can configure a tool."""
    return box.run(argv, timeout=spec.timeout_minutes * SECONDS, cwd=box.places.scratch, on_line=bench.on_line)


def _scanned(
    tool: str,
    outcome: Outcome,
    read: Read | None,
    report: bytes,
    setup: BoxSetup,
    spec: MisconfigurationCheck,
    ended: tuple[int, ...] = (0,),
) -> Scan:
    if failure := unfinished(outcome, spec.timeout_minutes, setup.limits):
        return Scan(failure=failure)
    if outcome.returncode not in ended:
        return Scan(failure=crashed(tool, outcome))
    return Scan(read, report) if read else Scan(failure=unreadable(tool, outcome))


def _one_by_one(scan_one: Callable[[Box, str, str], Scan]) -> Scanner:
    """A scanner of several folders out of one that takes one folder."""

    def scan(box: Box, root: str, folders: tuple[str, ...]) -> Scan:
        scans = []
        for folder in folders:
            scans.append(scan_one(box, root, folder))
            if scans[-1].failure:
                return scans[-1]
        return Scan(merged(tuple(each.read for each in scans)), b"\n".join(each.report for each in scans))

    return scan


def _compared(
    check: str, tool: str, spec: MisconfigurationCheck, subject: Subject, bench: Bench, setup: BoxSetup, scan: Scanner
) -> Assessment:
    if absent := absent_targets(subject, spec.targets):
        return absent
    # A box for each: what a scanner of the head writes cannot reach the one of the base.
    head = _scan(replace(setup, name=f"{setup.name}-head"), bench, scan, spec.targets)
    if head.failure or head.read is None:
        return head.failure or Assessment("broken", f"{tool} gave no report")
    base = _base(subject, bench, setup, scan, spec.targets)
    return verdict(
        tool,
        head.read,
        base.read if base else None,
        new_suppressions(check, subject),
        (Report(f"{check}.json", head.report),),
    )


def _base(subject: Subject, bench: Bench, setup: BoxSetup, scan: Scanner, targets: tuple[str, ...]) -> Scan | None:
    """The same over the merge base. Where that fails, everything at the head counts as new."""
    there = tuple(target for target in targets if subject.base_tree and has_folder(subject.base_tree, target))
    if not there:
        return None
    return _scan(replace(setup, name=f"{setup.name}-base", checkout=subject.base_tree), bench, scan, there)


def _scan(setup: BoxSetup, bench: Bench, scan: Scanner, targets: tuple[str, ...]) -> Scan:
    with bench.isolation.box(setup) as box:
        root = box.places.checkout
        return scan(box, root, tuple(posixpath.normpath(posixpath.join(root, target)) for target in targets))
