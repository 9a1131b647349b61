"""The check of Dockerfiles for mistakes, by hadolint: those that the merge base has too do not block."""

from dataclasses import replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.tool_run import SECONDS, absent_targets
from deploy_pipeline.checks.tree_files import matching_files, new_suppressions
from deploy_pipeline.core.checks import hadolint
from deploy_pipeline.core.checks.assessment import Assessment, Report, skipped
from deploy_pipeline.core.checks.misconfiguration import Read, verdict
from deploy_pipeline.core.checks.outcome import crashed, unfinished, unreadable
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.gateways.isolation import Box

MOST_FILES = 5000
"""All their paths have to fit into one command line."""


def check_hadolint(subject: Subject, bench: Bench) -> Assessment:
    """Mistakes in the Dockerfiles of the tree."""
    spec = subject.spec.validation.checks.hadolint
    if absent := absent_targets(subject, spec.targets):
        return absent
    files = matching_files(subject.head_tree, spec.paths, spec.targets)
    if not 0 < len(files) <= MOST_FILES:
        return _too_many(len(files)) if files else skipped("there is no Dockerfile")
    setup = replace(bench.box("hadolint", subject), base=subject.base_tree)
    with bench.isolation.box(setup) as box:
        outcome = _run(box, subject, bench, files, box.places.checkout)
        if failure := unfinished(outcome, spec.timeout_minutes, setup.limits):
            return failure
        if outcome.returncode != 0:
            return crashed("hadolint", outcome)
        head = hadolint.parse(spec, outcome.stdout, box.places.checkout, len(files))
        if head is None:
            return unreadable("hadolint", outcome)
        report = Report("hadolint.json", outcome.stdout.encode())
        return verdict("hadolint", head, _base(subject, bench, box), new_suppressions("hadolint", subject), (report,))


def _too_many(files: int) -> Assessment:
    return Assessment("failed", f"there are {files} Dockerfiles, and hadolint takes at most {MOST_FILES}")


def _run(box: Box, subject: Subject, bench: Bench, files: tuple[str, ...], cwd: str) -> Outcome:
    """In the tree, for the base branch's `.hadolint.yaml` that lies there."""
    spec = subject.spec.validation.checks.hadolint
    argv = hadolint.argv(spec, box.places, files)
    return box.run(argv, timeout=spec.timeout_minutes * SECONDS, cwd=cwd, on_line=bench.on_line)


def _base(subject: Subject, bench: Bench, box: Box) -> Read | None:
    """What hadolint finds at the merge base. Where that fails, everything at the head counts as new."""
    spec = subject.spec.validation.checks.hadolint
    files = matching_files(subject.base_tree, spec.paths, spec.targets) if subject.base_tree else ()
    if not files:
        return None
    outcome = _run(box, subject, bench, files, box.places.base)
    return hadolint.parse(spec, outcome.stdout, box.places.base, len(files)) if outcome.returncode == 0 else None
