"""What the scanners' reports amount to, alone and against the merge base's."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, skipped
from deploy_pipeline.core.checks.misconfiguration import Read, accepted, is_ignored, merged, severity_of, verdict

HIGH = Finding("AWS-0107", "open", path="a.tf", line=3, severity="HIGH")
LOW = Finding("AWS-0089", "no logs", "notice", "a.tf", 9, blocks=False, severity="LOW")
COMMENT = Finding("new-suppression", "new: trivy:ignore:AWS-0107", "warning", "a.tf", 2, blocks=False)
KNOWN = Finding("AWS-0107", "open", path="a.tf", line=3, severity="HIGH", known=True, blocks=False)
REPORTS = (Report("trivy_config.json", b"{}"),)


def test_a_new_finding_fails() -> None:
    expected = Assessment(
        "failed",
        "1 new finding that blocks (AWS-0107), 1 new comment that silences it",
        (HIGH, LOW, COMMENT),
        facts={"found": 2, "new": 1, "known": 0},
        reports=REPORTS,
    )
    assert verdict("Trivy", Read((HIGH, LOW), 2), None, (COMMENT,), REPORTS) == expected


def test_what_the_base_has_does_not_block() -> None:
    expected = Assessment(
        "passed",
        "nothing that blocks (1 minor, 1 known)",
        (KNOWN, LOW),
        facts={"found": 2, "new": 0, "known": 1},
        reports=REPORTS,
    )
    assert verdict("Trivy", Read((HIGH, LOW), 2), Read((HIGH,), 1), (), REPORTS) == expected


def test_nothing_to_look_at_is_no_success() -> None:
    assert verdict("Trivy", Read((), 0), None, (), ()) == skipped("Trivy found nothing to look at")
    assert verdict("Trivy", Read((), 0), None, (COMMENT,), ()).findings == (COMMENT,)


def test_merged() -> None:
    assert merged((Read((HIGH,), 1), Read((HIGH, LOW), 2))) == Read((HIGH, LOW), 3)
    assert merged((Read((HIGH,), 1), None)) is None
    assert merged(()) == Read((), 0)


@pytest.mark.parametrize(
    ("rule", "ignore", "expected"),
    [
        ("AWS-0107", ("AVD-AWS-0107",), True),
        ("AVD-AWS-0107", ("AWS-0107",), True),
        ("AWS-0107", ("AWS-0108",), False),
        ("CKV_AWS_24", ("CKV_AWS_24",), True),
    ],
)
def test_is_ignored(rule: str, ignore: tuple[str, ...], expected: bool) -> None:
    assert is_ignored(rule, ignore) is expected


def test_accepted_findings_stay_visible() -> None:
    found = accepted((HIGH,), ("AWS-0107",))
    assert found == (Finding("AWS-0107", "open", "notice", "a.tf", 3, blocks=False, severity="HIGH"),)


def test_severity_of() -> None:
    assert [severity_of(each) for each in ("high", "CRITICAL", None, "?")] == ["HIGH", "CRITICAL", "UNKNOWN", "UNKNOWN"]
