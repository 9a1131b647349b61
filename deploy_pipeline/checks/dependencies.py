"""The checks of dependencies. Auditors see exact versions in files that are written here, never the pull request's own.

So neither a file of the pull request nor code of a package is run, and the boxes reach the advisories alone.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.requirement_files import requirement_texts
from deploy_pipeline.checks.tool_run import SECONDS
from deploy_pipeline.core.checks import pip_audit, safety
from deploy_pipeline.core.checks.assessment import Assessment, Report, not_audited, skipped
from deploy_pipeline.core.checks.pins import Requirements, read_requirements, round_text, rounds
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Outcome
from deploy_pipeline.core.spec_python_checks import DependencyCheck
from deploy_pipeline.gateways.interruptions import TemporaryFolder

READABLE, FOLDER = 0o644, 0o755
FILE = "requirements.txt"


@dataclass(frozen=True)
class Compared:
    """The requirements of the head and of the merge base; those of the base are empty where there is none."""

    head: Requirements
    base: Requirements


def check_pip_audit(subject: Subject, bench: Bench) -> Assessment:
    """Known vulnerabilities of the exact versions in the requirement files: those that the base has do not block."""
    compared = _compared(subject, subject.spec.validation.checks.pip_audit)
    if isinstance(compared, Assessment):
        return compared
    groups = rounds((*compared.head.pins, *compared.base.pins))
    outcomes = _audits(groups, subject, bench)
    audit = {
        pin: told
        for group, outcome in zip(groups, outcomes, strict=True)
        for pin, told in pip_audit.read_round(group, outcome).items()
    }
    reports = (Report(f"pip-audit-{number}.json", outcome.stdout.encode()) for number, outcome in enumerate(outcomes))
    return pip_audit.assess(compared.head, compared.base, audit, tuple(reports))


def _audits(groups: tuple[dict[str, str], ...], subject: Subject, bench: Bench) -> list[Outcome]:
    """One run for each group, all of them in the time that the check has."""
    spec = subject.spec.validation.checks.pip_audit
    service = pip_audit.advisory_service(bench.settings.advisory_url)
    deadline = bench.clock.monotonic() + spec.timeout_minutes * SECONDS
    outcomes = []
    with _folder({f"{number}/{FILE}": round_text(group) for number, group in enumerate(groups)}) as folder:
        setup = bench.box("pip_audit", subject)
        setup = replace(setup, checkout=folder, hosts=service.hosts, redirects=service.redirects)
        for number in range(len(groups)):
            # A box of its own: a run that does not end takes its box with it.
            with bench.isolation.box(setup) as box:
                argv = pip_audit.argv(spec, box.places, service, f"{box.places.checkout}/{number}/{FILE}")
                left = max(deadline - bench.clock.monotonic(), 1)
                outcomes.append(box.run(argv, timeout=left, on_line=bench.on_line))
    return outcomes


def check_safety(subject: Subject, bench: Bench) -> Assessment:
    """Known vulnerabilities by safety, which needs an account."""
    spec = subject.spec.validation.checks.safety
    if not bench.settings.safety_key:
        return not_audited(safety.NO_KEY)
    compared = _compared(subject, spec)
    if isinstance(compared, Assessment):
        return compared
    head = _scanned(compared.head, bench.box("safety", subject), subject, bench)
    base = _scanned(compared.base, bench.box("safety", subject), subject, bench)
    if isinstance(head, str):
        return not_audited(head)
    return safety.assess(spec, compared.head, head, {} if isinstance(base, str) else base, ())


def _scanned(
    requirements: Requirements, setup: BoxSetup, subject: Subject, bench: Bench
) -> safety.Vulnerabilities | str:
    groups = rounds(requirements.pins)
    if not groups:
        return {}
    timeout = subject.spec.validation.checks.safety.timeout_minutes * SECONDS / 2
    key = {safety.KEY_VARIABLE: bench.settings.safety_key or ""}
    with (
        _folder({f"{number}/{FILE}": round_text(group) for number, group in enumerate(groups)}) as folder,
        bench.isolation.box(replace(setup, checkout=folder, hosts=safety.HOSTS)) as box,
    ):
        return safety.read(box.run(safety.argv(box.places, box.places.checkout), timeout=timeout, environment=key))


def _compared(subject: Subject, spec: DependencyCheck) -> Compared | Assessment:
    """The requirements, or why there is nothing to compare."""
    named = (*subject.spec.validation.requirements,)
    try:
        head = requirement_texts(subject.head_tree, named, spec.paths)
    except DeployError as error:
        return Assessment("failed", f"{error.where}: {error.what}".removeprefix(": "))
    if not head:
        return skipped("there are no requirement files")
    return Compared(read_requirements(head), read_requirements(_base_texts(subject, named, spec)))


def _base_texts(subject: Subject, named: tuple[str, ...], spec: DependencyCheck) -> dict[str, str]:
    try:
        return requirement_texts(subject.base_tree, named, spec.paths) if subject.base_tree else {}
    except DeployError:  # then nothing is known, and every vulnerability counts as new
        return {}


@contextmanager
def _folder(files: Mapping[str, str]) -> Iterator[str]:
    """A folder of this machine with these files, for as long as a box needs it; the box's user may read it."""
    with TemporaryFolder(prefix="deploy-pipeline-audit-") as name:
        Path(name).chmod(FOLDER)
        for path, text in files.items():
            file = Path(name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.parent.chmod(FOLDER)
            file.write_text(text)
            file.chmod(READABLE)
        yield os.path.realpath(name)
