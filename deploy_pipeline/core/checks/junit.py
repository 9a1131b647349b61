"""Reads the JUnit report of a test run. The tests can write anything into it, so it alone never makes a check pass."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.plain_text import plain, repository_path

MOST_ELEMENTS = 500_000
PROBLEMS = ("failure", "error")


@dataclass(frozen=True)
class TestRun:
    """`tests` were collected, of which `skipped` did not run; expected failures count among those."""

    __test__ = False  # the name is the field's; pytest would collect it

    tests: int
    skipped: int
    failures: tuple[Finding, ...]


def read_junit(report: bytes | None, checkout: str) -> TestRun | None:
    """What the report says; None when it is missing or is no such report."""
    if report is None:
        return None
    tests = skipped = 0
    failures: list[Finding] = []
    try:
        elements = (element for _, element in iterparse(BytesIO(report), forbid_dtd=True))
        cases = (element for element in _limited(elements) if element.tag == "testcase")
        for case in cases:
            tests += 1
            skipped += case.find("skipped") is not None
            problem = next((each for each in case if each.tag in PROBLEMS), None)
            if problem is not None:
                failures.append(_finding(case, problem, checkout))
            case.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return TestRun(tests, skipped, tuple(failures))


def _limited(elements: Iterator[Element]) -> Iterator[Element]:
    for number, element in enumerate(elements):
        if number >= MOST_ELEMENTS:
            raise ValueError("too many elements")
        yield element


def _finding(case: Element, problem: Element, checkout: str) -> Finding:
    file = case.get("file", "")
    name = "::".join(part for part in (case.get("classname", ""), case.get("name", "")) if part)
    return Finding(
        problem.tag,
        plain(problem.get("message", "") or (problem.text or "")) or "no message",
        path=repository_path(file, checkout) if file else "",
        line=_line(case.get("line", "")) if file else 0,
        subject=plain(name, 200),
    )


def _line(number: str) -> int:
    """pytest counts lines from 0."""
    return int(number) + 1 if re.fullmatch(r"[0-9]{1,9}", number) else 0
