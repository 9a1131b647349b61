"""Coverage is a number only where the report makes sense, and is kept with what it was measured of."""

import pytest

from deploy_pipeline.core.checks.coverage import from_stored, read_coverage, shown, stored_key, to_stored
from deploy_pipeline.core.spec_python_checks import PytestCheck

SPEC = PytestCheck(targets=("tests",), coverage_of=("app",))


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (b'{"totals": {"covered_lines": 3, "num_statements": 4, "percent_covered": 99.0}}', 75.0),
        (b'{"totals": {"covered_lines": 0, "num_statements": 4}}', 0.0),
        (b'{"totals": {"covered_lines": 0, "num_statements": 0}}', None),
        (b'{"totals": {"covered_lines": 5, "num_statements": 4}}', None),
        (b'{"totals": {"covered_lines": -5, "num_statements": -4}}', None),
        (b'{"totals": {"covered_lines": true, "num_statements": 1}}', None),
        (b'{"totals": {"covered_lines": 1e9, "num_statements": 1e9}}', None),
        (b'{"totals": []}', None),
        (b"[" * 100_000, None),
        (b"\xff", None),
        (b"", None),
        (None, None),
    ],
)
def test_read_coverage(report: bytes | None, expected: float | None) -> None:
    assert read_coverage(report) == expected


@pytest.mark.parametrize(("percent", "expected"), [(84.999, "84.99 %"), (85.0, "85 %"), (71.2, "71.2 %")])
def test_shown_never_rounds_up(percent: float, expected: str) -> None:
    assert shown(percent) == expected


def test_what_is_kept_is_read_back_by_the_same_spec_only() -> None:
    assert stored_key("2" * 40) == f"validation/coverage/{'2' * 40}.json"
    kept = to_stored(SPEC, 91.25)
    assert kept == b'{"coverage": 91.25, "targets": ["tests"], "coverage_of": ["app"], "arguments": []}'
    assert from_stored(SPEC, kept) == (True, 91.25)
    assert from_stored(SPEC, to_stored(SPEC, None)) == (True, None)
    assert from_stored(PytestCheck(targets=("other",)), kept) == (False, None)


@pytest.mark.parametrize(
    "body", [None, b"", b"null", b"[]", b"{}", to_stored(SPEC, 101.0), to_stored(SPEC, True), b'{"coverage": 1}']
)
def test_anything_else_that_is_kept_does_not_count(body: bytes | None) -> None:
    assert from_stored(SPEC, body) == (False, None)
