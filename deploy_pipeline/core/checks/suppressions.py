"""Comments by which code silences a scanner. They are allowed, but a pull request that adds one is seen to do so."""

import re
from collections.abc import Iterable, Sequence

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.plain_text import counted, plain

RULE = "new-suppression"
MOST = 50
MARKS = {
    # Trivy obeys those of tfsec, too.
    "trivy_config": re.compile(r"\b(?:trivy|tfsec):ignore:\S+", re.I),
    "tfsec": re.compile(r"\btfsec:ignore:\S+", re.I),
    "checkov": re.compile(r"\b(?:checkov|bridgecrew|cortex):skip\s*=\s*\S+", re.I),
    "hadolint": re.compile(r"#\s*hadolint\s+(?:global\s+)?ignore\s*=\s*\S+", re.I),
    "bandit": re.compile(r"#\s*nosec\b", re.I),
    "flake8": re.compile(r"#\s*(?:flake8\s*[:=]\s*)?noqa\b", re.I),
    "mypy": re.compile(r"#\s*(?:type:\s*ignore\b|mypy:\s*\S+)", re.I),
}
ONLY_IN = {check: (".py", ".pyi") for check in ("bandit", "flake8", "mypy")}
"""Where the comments of a check count; everywhere for the others."""


def suppressions(check: str, path: str, text: str, ranges: Iterable[tuple[int, int]]) -> tuple[Finding, ...]:
    """The comments for this check's tool on the changed lines of a file; they never block."""
    if not path.endswith(ONLY_IN.get(check, "")):
        return ()
    lines = text.split("\n")  # the lines that git counts: `splitlines` knows eight more line breaks
    changed = dict.fromkeys(number for first, last in ranges for number in range(first, min(last, len(lines)) + 1))
    found = ((number, MARKS[check].search(lines[number - 1])) for number in changed if number > 0)
    return tuple(_finding(path, number, mark[0]) for number, mark in found if mark)[:MOST]


def too_large(path: str) -> Finding:
    """A changed file that was not looked at."""
    message = "larger than 1 MiB: not looked at for comments that silence this check"
    return Finding(RULE, message, "warning", path, blocks=False)


def in_numbers(comments: Sequence[Finding]) -> str:
    """How many there are, for a summary."""
    return counted(len(comments), "new comment that silences it", "new comments that silence it")


def _finding(path: str, number: int, mark: str) -> Finding:
    return Finding(RULE, f"new: {plain(mark, 120)}", "warning", path, number, blocks=False)
