"""The check of unit tests and their coverage, compared with the merge base's."""

from dataclasses import replace

from deploy_pipeline.checks import codecov
from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.environment_files import known_files
from deploy_pipeline.checks.tool_run import SECONDS, absent_environment, absent_targets
from deploy_pipeline.core.checks import coverage, unit_tests
from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.outcome import unfinished
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup

JSON = "application/json"


def check_pytest(subject: Subject, bench: Bench) -> Assessment:
    """Unit tests, and the share of lines that they run."""
    spec = subject.spec.validation.checks.pytest
    absent = absent_environment(bench) or absent_targets(subject, spec.targets)
    if absent:
        return absent
    setup = replace(bench.box("pytest", subject), environment=bench.prepared.environment)
    head = _measured(setup, subject, bench)
    failure = unfinished(head.outcome, spec.timeout_minutes, setup.limits)
    if failure:
        return failure
    base = _base_coverage(setup, subject, bench) if head.coverage is not None else None
    assessment = unit_tests.assess(spec, head, base)
    uploaded = codecov.upload(subject, bench, head.reports.get(unit_tests.COVERAGE_XML))
    return replace(assessment, tables=(*assessment.tables, *uploaded))


def _measured(setup: BoxSetup, subject: Subject, bench: Bench) -> unit_tests.Measured:
    """Run the tests of the tree that is the box's checkout."""
    spec = subject.spec.validation.checks.pytest
    with bench.isolation.box(setup) as box:
        argv = unit_tests.argv(spec, box.places, setup.limits)
        variables = unit_tests.environment(box.places)
        outcome = box.run(argv, timeout=spec.timeout_minutes * SECONDS, environment=variables, on_line=bench.on_line)
        found = {name: box.read(f"{box.places.scratch}/{name}") for name in unit_tests.REPORTS}
        reports = {name: content for name, content in found.items() if content is not None}
        return unit_tests.Measured(outcome, reports, box.places.checkout)


def _base_coverage(setup: BoxSetup, subject: Subject, bench: Bench) -> float | None:
    """Coverage at the merge base: measured once for each, then kept. None when it is not known, for any reason."""
    if not subject.base_tree or not subject.merge_base:
        return None
    spec, bucket = subject.spec.validation.checks.pytest, subject.spec.aws.artifact_bucket
    key = coverage.stored_key(subject.merge_base)
    try:
        usable, kept = coverage.from_stored(spec, bench.object_store.get(bucket, key))
        if usable:
            return kept
        bench.on_line("The coverage of the merge base is not known yet: running its tests.")
        base = _measured(replace(setup, name="pytest-base", checkout=subject.base_tree), subject, bench)
        if base.outcome.ending == "finished" and not _changes_environment(subject):
            bench.object_store.put(bucket, key, coverage.to_stored(spec, base.coverage), content_type=JSON)
    except DeployError as error:
        bench.on_line(f"The coverage of the merge base is unknown: {error}")
        return None
    return base.coverage


def _changes_environment(subject: Subject) -> bool:
    """Whether the pull request chose what is installed beside the base's tests: such a number is for itself alone.

    A package can change what is measured, and the kept number is what every other pull request is compared with.
    """
    return not set(known_files(subject)).isdisjoint(subject.changed_paths)
