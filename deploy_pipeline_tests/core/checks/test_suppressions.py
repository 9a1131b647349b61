"""Comments that silence a scanner."""

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.suppressions import suppressions


@pytest.mark.parametrize(
    ("check", "line", "mark"),
    [
        ("trivy_config", "#trivy:ignore:AWS-0107", "trivy:ignore:AWS-0107"),
        ("trivy_config", "  cidr = [] // tfsec:ignore:aws-ec2-no", "tfsec:ignore:aws-ec2-no"),
        ("trivy_config", "# checkov:skip=CKV_AWS_24", None),
        ("tfsec", "#tfsec:ignore:*", "tfsec:ignore:*"),
        ("checkov", "  # checkov:skip=CKV_AWS_24:because", "checkov:skip=CKV_AWS_24:because"),
        ("checkov", "#bridgecrew:skip = CKV_AWS_24", "bridgecrew:skip = CKV_AWS_24"),
        ("hadolint", "# hadolint ignore=DL3008", "# hadolint ignore=DL3008"),
        ("hadolint", "# hadolint global ignore=DL3008", "# hadolint global ignore=DL3008"),
        ("hadolint", "RUN echo", None),
        ("bandit", "x = eval(y)  # nosec B307", "# nosec"),
        ("bandit", "x = nosec", None),
        ("flake8", "import os  #noqa: F401", "#noqa"),
        ("flake8", "# flake8: noqa", "# flake8: noqa"),
        ("mypy", "x: int = 's'  # type: ignore[assignment]", "# type: ignore"),
        ("mypy", "# mypy: ignore-errors", "# mypy: ignore-errors"),
        ("hadolint", f"RUN {'x' * 5000} # hadolint ignore=DL3008", "# hadolint ignore=DL3008"),
    ],
)
def test_suppressions(check: str, line: str, mark: str | None) -> None:
    expected = (Finding("new-suppression", f"new: {mark}", "warning", "a.py", 2, blocks=False),) if mark else ()
    assert suppressions(check, "a.py", f"first\n{line}\n", ((1, 5),)) == expected


def test_only_changed_lines_count() -> None:
    text = "#tfsec:ignore:a\n#tfsec:ignore:b\n"
    assert [each.line for each in suppressions("tfsec", "a", text, ((2, 2), (2, 2)))] == [2]
    assert suppressions("tfsec", "a", text, ((0, 0), (9, 10**9))) == ()


def test_lines_are_counted_as_git_does() -> None:
    text = "first\x0c\x85\u2028 line\r\n#tfsec:ignore:a\n"
    assert [each.line for each in suppressions("tfsec", "a", text, ((2, 2),))] == [2]


@pytest.mark.parametrize("check", ["bandit", "flake8", "mypy"])
def test_comments_of_python_tools_count_in_python_files_alone(check: str) -> None:
    assert suppressions(check, "README.md", "# nosec # noqa # type: ignore\n", ((1, 1),)) == ()
