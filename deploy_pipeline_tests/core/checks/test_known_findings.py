"""Findings that the base has too do not block; equal ones are counted."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.known_findings import blocking, in_short, mark_known

SHELL = Finding("B602", "shell=True", path="app.py", line=3)
EVAL = Finding("B307", "eval on line 9", path="app.py", line=9)


def known(finding: Finding) -> Finding:
    return replace(finding, known=True, blocks=False)


@pytest.mark.parametrize(
    ("head", "base", "expected"),
    [
        ((), (SHELL,), ()),
        ((SHELL,), (), (SHELL,)),
        ((SHELL,), (SHELL,), (known(SHELL),)),
        ((replace(SHELL, line=30),), (SHELL,), (known(replace(SHELL, line=30)),)),
        ((replace(EVAL, message="eval  on\nline 12"),), (EVAL,), (known(replace(EVAL, message="eval  on\nline 12")),)),
        ((replace(SHELL, path="b.py"),), (SHELL,), (replace(SHELL, path="b.py"),)),
        ((replace(SHELL, rule="B1"),), (SHELL,), (replace(SHELL, rule="B1"),)),
        ((replace(SHELL, subject="x"),), (SHELL,), (replace(SHELL, subject="x"),)),
        ((replace(SHELL, line=1), SHELL), (SHELL,), (replace(SHELL, line=1), known(SHELL))),
        ((SHELL, SHELL, EVAL), (SHELL, SHELL), (known(SHELL), known(SHELL), EVAL)),
        (
            (Finding("R", "one text", subject="aws_s3_bucket.a"),),
            (Finding("R", "another", subject="aws_s3_bucket.a"),),
            (known(Finding("R", "one text", subject="aws_s3_bucket.a")),),
        ),
    ],
)
def test_mark_known(head: tuple[Finding, ...], base: tuple[Finding, ...], expected: tuple[Finding, ...]) -> None:
    assert mark_known(head, base) == expected


def test_blocking_leaves_out_what_does_not_block() -> None:
    assert blocking((SHELL, known(SHELL), replace(EVAL, blocks=False))) == (SHELL,)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((), "nothing found"),
        ((known(SHELL), known(EVAL)), "nothing new (2 known)"),
        ((replace(EVAL, blocks=False),), "nothing that blocks (1 minor)"),
        ((replace(EVAL, blocks=False), known(SHELL)), "nothing that blocks (1 minor, 1 known)"),
    ],
)
def test_in_short(findings: tuple[Finding, ...], expected: str) -> None:
    assert in_short(findings) == expected
