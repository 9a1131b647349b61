"""flake8 7.5: what its real answers amount to."""

import pytest

from deploy_pipeline.core.checks import flake8
from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_python_checks import Flake8Check
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

FOUND = r"""('./a:12:3: E999 x.py',2,'F401',"'sys' imported but unused")
('./esc\x1b[31m.py',1,'E225','missing whitespace around operator')
('./new\nline.py',1,'E225','missing whitespace around operator')
('./syntax.py',1,'E999','SyntaxError: invalid syntax')
3     E225 missing whitespace around operator
"""


def test_findings_are_asked_for_as_literals() -> None:
    assert flake8.argv(Flake8Check(arguments=("--format=pylint",)), PLACES) == (
        "/opt/tools/bin/flake8", "--format=pylint", "--format=(%(path)r,%(row)d,%(code)r,%(text)r)", "--color=never",
        "--", ".",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished(), Assessment("passed", "no problems")),
        (
            finished(FOUND, returncode=1),
            Assessment(
                "failed",
                "4 problems in 4 files",
                (
                    Finding("F401", "'sys' imported but unused", path="a:12:3: E999 x.py", line=2),
                    Finding("E225", "missing whitespace around operator", line=1, subject="./esc [31m.py"),
                    Finding("E225", "missing whitespace around operator", line=1, subject="./new line.py"),
                    Finding("E999", "SyntaxError: invalid syntax", path="syntax.py", line=1),
                ),
            ),
        ),
        (
            finished("('./a.py',1,'E1','x')\n"),
            Assessment("failed", "1 problem in 1 file", (Finding("E1", "x", path="a.py", line=1),)),
        ),
        (
            finished(stderr="There was a critical error during execution:\nplugin", returncode=1),
            Assessment(
                "broken",
                "flake8 itself failed with return code 1: There was a critical error during execution: plugin",
            ),
        ),
        (
            finished("((((((((((" * 1000, returncode=1, stderr="x"),
            Assessment("broken", f"flake8 itself failed with return code 1: {'(' * 299}…"),
        ),
        (
            finished("('./a.py',1,'E1','x')\n", returncode=2),
            Assessment("broken", "flake8 itself failed with return code 2: ('./a.py',1,'E1','x')"),
        ),
    ],
)
def test_assess(outcome: Outcome, expected: Assessment) -> None:
    assert flake8.assess(outcome, "/checkout") == expected
