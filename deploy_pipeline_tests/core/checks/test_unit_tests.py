"""pytest: a run passes only when return code, tests and coverage agree."""

from typing import Any

import pytest

from deploy_pipeline.core.checks import unit_tests
from deploy_pipeline.core.checks.assessment import Assessment, Report, Table
from deploy_pipeline.core.isolation import Limits
from deploy_pipeline.core.spec_python_checks import PytestCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

OK = b'<testsuites><testcase classname="t" name="a"/><testcase classname="t" name="b"/></testsuites>'
SKIPPED = b'<testsuites><testcase name="a"><skipped/></testcase></testsuites>'
BAD = b'<testsuites><testcase classname="t" name="a"/><testcase name="b"><failure/></testcase></testsuites>'
NONE = b"<testsuites/>"
SPEC = PytestCheck(minimum_coverage=85, maximum_coverage_drop=2)


def covered(percent: int) -> bytes:
    return b'{"totals": {"covered_lines": %d, "num_statements": 100}}' % percent


def assess(
    junit: bytes | None = OK, coverage: bytes | None = covered(90), code: int = 0, base: float | None = None
) -> Assessment:
    found = {"junit.xml": junit, "coverage.json": coverage}
    reports = {name: content for name, content in found.items() if content is not None}
    return unit_tests.assess(SPEC, unit_tests.Measured(finished(returncode=code), reports, "/checkout"), base)


def test_everything_is_written_to_the_scratch_folder() -> None:
    spec = PytestCheck(arguments=("-n0",), targets=("tests", "lambda"), coverage_of=("app",))
    assert unit_tests.argv(spec, PLACES, Limits(cpus=2.5)) == (
        "/environment/bin/python", "-m", "pytest", "--numprocesses=2", "-p", "no:cacheprovider", "--color=no",
        "--rootdir=/checkout", "-n0", "--override-ini=junit_family=xunit1", "--junitxml=/scratch/junit.xml",
        "--cov=app", "--cov-report=", "--cov-report=json:/scratch/coverage.json",
        "--cov-report=xml:/scratch/coverage.xml", "--cov-fail-under=0", "tests", "lambda",
    )  # fmt: skip
    assert "--numprocesses=0" in unit_tests.argv(spec, PLACES, Limits(cpus=1.5))
    assert unit_tests.environment(PLACES) == {"COVERAGE_FILE": "/scratch/.coverage"}


def test_a_run_where_everything_agrees_passes() -> None:
    assert assess(base=91.5) == Assessment(
        "passed",
        "2 tests passed; coverage 90 % (base: 91.5 %)",
        tables=(
            Table(
                "Coverage",
                ("Pull request", "Base", "Change", "Minimum"),
                (("90 %", "91.5 %", "-1.50 points", "85 %"),),
            ),
        ),
        facts={"coverage": 90.0, "coverage_base": 91.5, "tests": 2, "failures": 0, "skipped": 0},
        reports=(Report("junit.xml", OK), Report("coverage.json", covered(90))),
    )


@pytest.mark.parametrize(
    ("given", "summary"),
    [
        ({"junit": BAD, "code": 1}, "1 of 2 tests failed"),
        ({"junit": BAD, "code": 0}, "1 of 2 tests failed"),
        ({"code": 1}, "pytest ended with return code 1, though its report has no failure"),
        ({"code": 2}, "pytest was interrupted, though its report has no failure"),
        ({"code": 77}, "pytest ended with return code 77, though its report has no failure"),
        ({"junit": None}, "the tests left no readable report (return code 0)"),
        ({"junit": None, "code": 3}, "the tests left no readable report (pytest had an internal error)"),
        ({"junit": b"<"}, "the tests left no readable report (return code 0)"),
        ({"junit": NONE, "code": 5}, "no tests were found"),
        ({"junit": NONE, "code": 0}, "no tests were found"),
        ({"junit": SKIPPED}, "1 test was skipped and none ran"),
        ({"coverage": None}, "coverage was not measured"),
        ({"coverage": b"{}"}, "coverage was not measured"),
        ({"coverage": covered(84)}, "coverage 84 % is below 85 %"),
        ({"base": 92.5}, "coverage fell from 92.5 % to 90 %, more than 2 points"),
        (
            {"junit": BAD, "code": 1, "coverage": covered(1), "base": 90.0},
            "1 of 2 tests failed; coverage 1 % is below 85 %; coverage fell from 90 % to 1 %, more than 2 points",
        ),
    ],
)
def test_every_disagreement_fails(given: dict[str, Any], summary: str) -> None:
    assessment = assess(**given)
    assert (assessment.state, assessment.summary) == ("failed", summary)


def test_unknown_numbers_are_called_unknown() -> None:
    assessment = assess(coverage=None, junit=None)
    assert assessment.facts == {"coverage": "unknown", "coverage_base": "unknown"}
    assert assessment.tables[0].rows == (("unknown", "unknown", "unknown", "85 %"),)
