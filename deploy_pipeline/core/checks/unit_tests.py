"""pytest: its command line, and what a run of the pull request's tests amounts to.

The tests are the pull request's own code and could write any report: a check passes only when the return code, the
report of the tests and that of the coverage agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from deploy_pipeline.core.checks.assessment import Assessment, Report, Table
from deploy_pipeline.core.checks.coverage import read_coverage, shown
from deploy_pipeline.core.checks.junit import TestRun, read_junit
from deploy_pipeline.core.checks.plain_text import counted, plain
from deploy_pipeline.core.isolation import Limits, Outcome, Places
from deploy_pipeline.core.spec_python_checks import PytestCheck

JUNIT, COVERAGE_JSON, COVERAGE_XML = "junit.xml", "coverage.json", "coverage.xml"
REPORTS = (JUNIT, COVERAGE_JSON, COVERAGE_XML)
PASSED, NO_TESTS = 0, 5
MEANINGS = {
    2: "pytest was interrupted",
    3: "pytest had an internal error",
    4: "pytest was called wrongly, or a conftest.py cannot be loaded",
}
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Measured:
    """One run of tests that ended by itself, with the reports that it left (name -> content)."""

    outcome: Outcome
    reports: dict[str, bytes]
    checkout: str

    @property
    def coverage(self) -> float | None:
        """Percent of lines, None where there is no usable report."""
        return read_coverage(self.reports.get(COVERAGE_JSON))

    @property
    def tests(self) -> TestRun | None:
        """What the report of the tests says, None where there is no usable one."""
        return read_junit(self.reports.get(JUNIT), self.checkout)


def argv(spec: PytestCheck, places: Places, limits: Limits) -> tuple[str, ...]:
    """All that is written goes to the scratch folder. The spec's arguments change how tests run, not the reports."""
    workers = "0" if int(limits.cpus) <= 1 else str(int(limits.cpus))
    return (
        places.python, "-m", "pytest", f"--numprocesses={workers}", "-p", "no:cacheprovider", "--color=no",
        f"--rootdir={places.checkout}", *spec.arguments,
        # The older family has the file and the line of each test.
        "--override-ini=junit_family=xunit1", f"--junitxml={places.scratch}/{JUNIT}",
        *(f"--cov={folder}" for folder in spec.coverage_of), "--cov-report=",
        f"--cov-report=json:{places.scratch}/{COVERAGE_JSON}", f"--cov-report=xml:{places.scratch}/{COVERAGE_XML}",
        "--cov-fail-under=0", *spec.targets,
    )  # fmt: skip


def environment(places: Places) -> dict[str, str]:
    """Variables for the run."""
    return {"COVERAGE_FILE": f"{places.scratch}/.coverage"}


def assess(spec: PytestCheck, head: Measured, base: float | None) -> Assessment:
    """`base` is the coverage at the merge base in percent, None where it is unknown."""
    run, coverage = head.tests, head.coverage
    problems = (*_test_problems(head.outcome, run), *_coverage_problems(spec, coverage, base))
    facts: dict[str, str | int | float] = {
        "coverage": UNKNOWN if coverage is None else round(coverage, 2),
        "coverage_base": UNKNOWN if base is None else round(base, 2),
    }
    if run:
        facts |= {"tests": run.tests, "failures": len(run.failures), "skipped": run.skipped}
    return Assessment(
        "failed" if problems else "passed",
        "; ".join(problems) or _passed(run, coverage, base),
        run.failures if run else (),
        tables=(_table(spec, coverage, base),),
        facts=facts,
        reports=tuple(Report(name, content) for name, content in head.reports.items()),
    )


def _test_problems(outcome: Outcome, run: TestRun | None) -> Iterator[str]:
    code = outcome.returncode
    if run is None:
        said = plain(outcome.output[-1000:], 200)
        meaning = MEANINGS.get(code or 0, f"return code {code}")
        yield f"the tests left no readable report ({meaning})" + (f": {said}" if said else "")
    elif run.failures:
        yield f"{len(run.failures)} of {counted(run.tests, 'test')} failed"
    elif code == NO_TESTS or not run.tests:
        yield "no tests were found"
    elif code != PASSED:
        yield f"{MEANINGS.get(code or 0, f'pytest ended with return code {code}')}, though its report has no failure"
    elif run.skipped == run.tests:
        yield f"{counted(run.tests, 'test was', 'tests were')} skipped and none ran"


def _coverage_problems(spec: PytestCheck, coverage: float | None, base: float | None) -> Iterator[str]:
    if coverage is None:
        yield "coverage was not measured"
        return
    if coverage < spec.minimum_coverage:
        yield f"coverage {shown(coverage)} is below {spec.minimum_coverage:g} %"
    if base is not None and base - coverage > spec.maximum_coverage_drop:
        limit = f"more than {spec.maximum_coverage_drop:g} points"
        yield f"coverage fell from {shown(base)} to {shown(coverage)}, {limit}"


def _passed(run: TestRun | None, coverage: float | None, base: float | None) -> str:
    assert run is not None and coverage is not None  # noqa: S101 - without them there are problems
    skipped = f", {run.skipped} skipped" if run.skipped else ""
    compared = UNKNOWN if base is None else shown(base)
    return f"{counted(run.tests - run.skipped, 'test')} passed{skipped}; coverage {shown(coverage)} (base: {compared})"


def _table(spec: PytestCheck, coverage: float | None, base: float | None) -> Table:
    head = UNKNOWN if coverage is None else shown(coverage)
    change = UNKNOWN if coverage is None or base is None else f"{coverage - base:+.2f} points"
    row = (head, UNKNOWN if base is None else shown(base), change, f"{spec.minimum_coverage:g} %")
    return Table("Coverage", ("Pull request", "Base", "Change", "Minimum"), (row,))
