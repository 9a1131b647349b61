"""Findings beside the changed lines."""

from deploy_pipeline.core.checks.annotations import Annotation, annotations
from deploy_pipeline.core.checks.assessment import CheckResult, Finding
from deploy_pipeline.core.checks.subject import ChangedFile, Subject
from deploy_pipeline_tests.samples import a_spec

CHANGES = (
    ChangedFile("a.py", "modified", ((3, 5), (9, 9))),
    ChangedFile("gone.py", "removed"),
    ChangedFile("deploy.yaml", "modified"),
)
SUBJECT = Subject("acme/app", "1" * 40, "2" * 40, "/head", "/base", a_spec(), CHANGES, authorised=False)


def of(*findings: Finding) -> tuple[Annotation, ...]:
    return annotations(SUBJECT, CheckResult("bandit", "failed", "", True, findings=findings))


def test_annotations_show_findings_on_changed_lines_only() -> None:
    assert of(
        Finding("B101", "an assertion", path="a.py", line=4, level="warning", blocks=False, severity="LOW"),
        Finding("B602", "a shell", path="a.py", line=1, end_line=3, severity="HIGH"),
        Finding("B1", "before", path="a.py", line=2),
        Finding("B1", "between", path="a.py", line=6, end_line=8),
        Finding("B1", "not changed", path="b.py", line=3),
        Finding("B1", "removed", path="gone.py"),
        Finding("B1", "no file"),
    ) == (
        Annotation("a.py", 3, 3, "failure", "HIGH B602", "a shell"),
        Annotation("a.py", 4, 4, "warning", "LOW B101", "an assertion"),
    )


def test_annotations_show_findings_about_a_whole_file_at_its_first_line() -> None:
    assert of(Finding("spec", "too long", path="deploy.yaml", subject="aws.region")) == (
        Annotation("deploy.yaml", 1, 1, "failure", "spec aws.region", "too long"),
    )


def test_annotations_keep_the_fifty_most_important() -> None:
    known = tuple(Finding("A", "known", path="a.py", line=3, blocks=False, known=True) for _ in range(60))
    found = of(*known, Finding("B", "blocks", path="a.py", line=9))
    assert (len(found), found[0], found[1].level) == (
        50,
        Annotation("a.py", 9, 9, "failure", "B", "blocks"),
        "warning",
    )


def test_annotations_are_plain_text() -> None:
    hostile = Finding("r\u202e\n", "m\x1b[31m" * 1000, path="a.py", line=3, end_line=2)
    (found,) = of(hostile)
    assert (found.title, found.start_line, found.end_line, len(found.message)) == ("r", 3, 3, 1000)
    assert found.message.isprintable()
    assert of(Finding("r", "\n", path="a.py", line=3))[0].message == "see the run"
