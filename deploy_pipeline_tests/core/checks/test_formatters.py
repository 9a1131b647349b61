"""black 26.10 and isort 9.0: what their real answers amount to."""

import pytest

from deploy_pipeline.core.checks import black, isort
from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, skipped
from deploy_pipeline.core.checks.formatter_diff import first_changes
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_python_checks import BlackCheck, IsortCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

DIFF = """--- /checkout/bad.py\t2026-11-23 01:22:35.265030+00:00
+++ /checkout/bad.py\t2026-11-23 01:22:35.672174+00:00
@@ -1,4 +1,5 @@
 import os
 import abc
-x = {  "a":1 }
+
+x = {"a": 1}
 y: int = "s"
--- /checkout/a:12:3: E999 x.py\t2026-11-23 01:22:35.265030+00:00
+++ /checkout/a:12:3: E999 x.py\t2026-11-23 01:22:35.669083+00:00
@@ -1 +1 @@
-x =1
+x = 1
"""
ERRORS = """would reformat /checkout/a:12:3: E999 x.py
would reformat /checkout/bad.py
would reformat /checkout/esc\x1b[31m.py
error: cannot format /checkout/latin.py: invalid or missing encoding declaration
error: cannot parse: /checkout/syntax.py:1:6
    def f(:
         ^
ParseError: bad input

Oh no! 💥 💔 💥
2 files would be reformatted, 1 file would be left unchanged, 2 files would fail to reformat.
"""


def test_black_only_looks() -> None:
    spec = BlackCheck(arguments=("--line-length=100",), targets=("lambda", "-x.py"))
    assert black.argv(spec, PLACES) == (
        "/opt/tools/bin/black", "--line-length=100", "--check", "--diff", "--no-color", "--no-cache",
        "--", "lambda", "-x.py",
    )  # fmt: skip


def test_black_names_every_file_and_where_it_would_change_it() -> None:
    outcome = Outcome("finished", 123, DIFF, ERRORS, 1.0)
    assert black.assess(outcome, "/checkout") == Assessment(
        "failed",
        "3 files would be reformatted, 2 files cannot be read",
        (
            Finding("format", "black would reformat this", path="a:12:3: E999 x.py", line=1),
            Finding("format", "black would reformat this", path="bad.py", line=3),
            Finding("format", "black would reformat this", subject="/checkout/esc [31m.py"),
            Finding("syntax", "black cannot parse this", path="syntax.py", line=1),
            Finding("unreadable", "invalid or missing encoding declaration", path="latin.py"),
        ),
        reports=(Report("black.diff", DIFF.encode()),),
    )


CLEAN = "All done! ✨ 🍰 ✨\n7 files would be left unchanged.\n"
NOTHING = "No Python files are present to be formatted. Nothing to do 😴\n"
USAGE = "Usage: black SRC ...\n\nError: No such option '--bogus'."


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished(stderr=CLEAN), Assessment("passed", "7 files are formatted")),
        (finished(), Assessment("passed", "every file is formatted")),
        (finished(stderr=NOTHING), skipped("black found no Python files")),
        (
            finished(stderr=USAGE, returncode=2),
            Assessment(
                "broken",
                "black itself failed with return code 2: Usage: black SRC ... Error: No such option '--bogus'.",
            ),
        ),
        (
            finished(stderr="error: cannot format /checkout/a.py: Cannot parse", returncode=123),
            Assessment(
                "failed",
                "1 file cannot be read",
                (Finding("unreadable", "Cannot parse", path="a.py"),),
                reports=(Report("black.diff", b""),),
            ),
        ),
        (finished(returncode=1), Assessment("broken", "black itself failed with return code 1: no output")),
        (finished(returncode=123), Assessment("broken", "black itself failed with return code 123: no output")),
    ],
)
def test_black_return_codes(outcome: Outcome, expected: Assessment) -> None:
    assert black.assess(outcome, "/checkout") == expected


ISORT_DIFF = """--- /checkout/bad.py:before\t2026-11-23 01:22:35.265030
+++ /checkout/bad.py:after\t2026-11-23 01:22:35.842865
@@ -1,4 +1,5 @@
+import abc
 import os
-import abc
+
 x = 1
 y: int = "s"
"""
UNSORTED = "ERROR: /checkout/bad.py Imports are incorrectly sorted and/or formatted.\n"
DECODE = "'utf-8' codec can't decode byte 0xff in position 15: invalid start byte"
WRONG_ORDER = Finding("order", "isort would order these imports differently", path="bad.py", line=1)


def test_isort_only_looks() -> None:
    assert isort.argv(IsortCheck(arguments=("--profile=black",)), PLACES) == (
        "/opt/tools/bin/isort", "--profile=black", "--check-only", "--diff", "--", ".",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished(), Assessment("passed", "imports are in order")),
        (
            finished(ISORT_DIFF, stderr=UNSORTED, returncode=1),
            Assessment(
                "failed",
                "imports of 1 file are not in order",
                (WRONG_ORDER,),
                reports=(Report("isort.diff", ISORT_DIFF.encode()),),
            ),
        ),
        (
            finished(stderr="ERROR: No valid encodings.\n", returncode=1),
            Assessment(
                "failed",
                "cannot read a file: No valid encodings.",
                (Finding("unreadable", "No valid encodings."),),
                reports=(Report("isort.diff", b""),),
            ),
        ),
        (
            finished(stderr=f"sys:1: UserWarning: Unable to parse file ./latin.py due to {DECODE}\n"),
            Assessment(
                "failed",
                f"cannot read latin.py: {DECODE}",
                (Finding("unreadable", DECODE, path="latin.py"),),
                reports=(Report("isort.diff", b""),),
            ),
        ),
        (finished(returncode=1), Assessment("broken", "isort itself failed with return code 1: no output")),
        (
            finished(stderr="Traceback\nMemoryError", returncode=2),
            Assessment("broken", "isort itself failed with return code 2: Traceback MemoryError"),
        ),
    ],
)
def test_isort_return_codes(outcome: Outcome, expected: Assessment) -> None:
    assert isort.assess(outcome, "/checkout") == expected


@pytest.mark.parametrize(
    ("diff", "expected"),
    [
        ("", {}),
        (DIFF, {"bad.py": 3, "a:12:3: E999 x.py": 1}),
        ("--- a.py\tx\n+++ a.py\tx\n@@ -3,2 +3,1 @@\n x\n-y\n", {"a.py": 4}),
        # A removed line "-- /checkout/b.py" is no header, and neither is a line after a form feed.
        ("--- a.py\tx\n+++ a.py\tx\n@@ -1,2 +1,1 @@\n x\x0c--- c.py\tx\n--- /checkout/b.py\tx\n", {"a.py": 2}),
        ("--- a.py\tx\n+++ a.py\tx\n@@ -1,999999999 +1 @@\n x\n", {}),
        ("--- /etc/passwd\tx\n+++ /etc/passwd\tx\n@@ -1 +1 @@\n-x\n+y\n", {}),
        ("@@ -1 +1 @@\n-x\n+y\n", {}),
    ],
)
def test_first_changes_reads_hunks_by_their_size(diff: str, expected: dict[str, int]) -> None:
    assert first_changes(diff, "/checkout") == expected
