"""mypy 2.4: what its real answers amount to."""

import pytest

from deploy_pipeline.core.checks import mypy
from deploy_pipeline.core.checks.assessment import Assessment, Finding, skipped
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_python_checks import MypyCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

ASSIGNMENT = (
    '{"file": "bad.py", "line": 4, "column": 9, "end_line": 4, "end_column": 12, "message": "Incompatible types",'
    ' "hint": null, "code": "assignment", "severity": "error"}\n'
)
NOTE = '{"file": "bad.py", "line": 5, "end_line": 5, "message": "Revealed", "code": "misc", "severity": "note"}\n'
DUPLICATE = (
    '{"file": "b/m.py", "line": -1, "column": -1, "end_line": -1, "end_column": 0,'
    ' "message": "Duplicate module named \\"m\\"", "hint": "See", "code": null, "severity": "error"}\n'
)
UNDECODABLE = (
    "latin.py: error: Cannot decode file: 'utf-8' codec can't decode byte 0xff in position 5: invalid start byte\n"
    "Found 1 error in 1 file (errors prevented further checking)\n"
)
JUNIT = b'<?xml version="1.0" encoding="utf-8"?>\n<testsuite errors="0" failures="0" name="mypy" skips="0" tests="1">'
ERROR = Finding("assignment", "Incompatible types", path="bad.py", line=4, end_line=4)
REVEALED = Finding("misc", "Revealed", "notice", "bad.py", 5, 5, blocks=False)


def test_runs_in_the_environment_and_not_in_the_checkout() -> None:
    assert mypy.argv(MypyCheck(), PLACES) == (
        "/environment/bin/python", "-I", "-m", "mypy", "--ignore-missing-imports",
        "--junit-xml=/scratch/mypy.xml", "--no-incremental", "--cache-dir=/dev/null", "--output=json", "--", ".",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished("\n"), Assessment("passed", "no type errors")),
        (finished(NOTE), Assessment("passed", "no type errors", (REVEALED,))),
        (finished(ASSIGNMENT + NOTE, returncode=1), Assessment("failed", "1 error in 1 file", (ERROR, REVEALED))),
        (finished(ASSIGNMENT), Assessment("failed", "1 error in 1 file", (ERROR,))),
        (
            finished(DUPLICATE, returncode=2),
            Assessment("failed", "1 error in 1 file", (Finding("mypy", 'Duplicate module named "m"', path="b/m.py"),)),
        ),
        (
            finished(stderr=UNDECODABLE, returncode=2),
            Assessment(
                "failed",
                "1 error in 1 file",
                (
                    Finding(
                        "mypy",
                        "Cannot decode file: 'utf-8' codec can't decode byte 0xff in position 5: invalid start byte",
                        path="latin.py",
                    ),
                ),
            ),
        ),
        (
            finished(stderr="There are no .py[i] files in directory '.'\n", returncode=2),
            skipped("mypy found no Python files"),
        ),
        (
            finished("[1]\nnull\n" + "[" * 100_000, stderr="Traceback", returncode=1),
            Assessment("broken", f"mypy itself failed with return code 1: {'[' * 299}…"),
        ),
        (finished(NOTE, returncode=1), Assessment("broken", f"mypy itself failed with return code 1: {NOTE.strip()}")),
        (finished(returncode=3), Assessment("broken", "mypy itself failed with return code 3: no output")),
    ],
)
def test_assess(outcome: Outcome, expected: Assessment) -> None:
    assert mypy.assess(outcome, "/checkout", JUNIT) == expected


@pytest.mark.parametrize("written", [None, b"", b"x"])
def test_silence_without_a_report_is_no_pass(written: bytes | None) -> None:
    expected = Assessment("failed", "mypy ended without a verdict: a package of the environment may have stopped it")
    assert mypy.assess(finished(), "/checkout", written) == expected
