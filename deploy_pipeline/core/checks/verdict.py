"""What the results of all checks mean for a pull request, and how GitHub is told of one of them. Text for people."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.checks.assessment import CheckResult, State
from deploy_pipeline.core.checks.plain_text import counted, plain

StatusState = Literal["success", "failure", "error", "pending"]
Conclusion = Literal["success", "failure", "neutral", "skipped", "action_required"]

LONGEST_DESCRIPTION = 140
"""What GitHub takes as the description of a commit status."""
LONGEST_TITLE = 250
NOT_BLOCKING = " (does not block)"
_PREFIXES: dict[State, str] = {
    "not_audited": "not audited: ",
    "waiting": "waiting: ",
    "skipped": "skipped: ",
    "broken": "could not run: ",
}
_COUNTED: tuple[tuple[State, str], ...] = (
    ("passed", "passed"),
    ("failed", "failed"),
    ("broken", "could not run"),
    ("waiting", "waiting"),
    ("not_audited", "not audited"),
    ("skipped", "skipped"),
)


@dataclass(frozen=True)
class Verdict:
    """All results as one. `summary` is a plain line with the counts; `blocking` names the checks that decided.

    `failed`: a required check failed, or the pipeline could not run it: nothing passes unseen. `incomplete`: none
    failed, but of a required check nothing is known yet (it waits for a maintainer, or could not be audited), or
    there is no result at all. Everything else has `passed`; checks that are not required never change it.
    """

    state: Literal["passed", "failed", "incomplete"]
    summary: str
    blocking: tuple[str, ...] = ()


def verdict(results: tuple[CheckResult, ...]) -> Verdict:
    """The one answer of a pull request's checks. Failed dominates incomplete."""
    required = [result for result in results if result.required]
    failed, unknown = (_those(required, states) for states in (("failed", "broken"), ("waiting", "not_audited")))
    if failed:
        return Verdict("failed", _summary(failed, results), tuple(result.check for result in failed))
    if unknown:
        return Verdict("incomplete", _summary(unknown, results), tuple(result.check for result in unknown))
    if not results:
        return Verdict("incomplete", "no check has run")
    return Verdict("passed", _counts(results))


def display_name(check: str) -> str:
    """The check's name on GitHub: `pip_audit` is `deploy-pipeline/pip-audit`."""
    return f"deploy-pipeline/{short_name(check)}"


def short_name(check: str) -> str:
    """The check's name where it is clear whose it is."""
    return check.replace("_", "-")


def in_words(result: CheckResult, longest: int = LONGEST_TITLE) -> str:
    """One plain line: how the check ended and why. What does not block says so, whatever is cut."""
    ending = NOT_BLOCKING if not result.required and result.state in ("failed", "broken", "not_audited") else ""
    return plain(_PREFIXES.get(result.state, "") + result.summary, longest - len(ending)) + ending


def status_of(result: CheckResult) -> tuple[StatusState, str]:
    """State and description of a commit status. "success" only for what passed, did not have to run or cannot block."""
    words = in_words(result, LONGEST_DESCRIPTION)
    match result.state:
        case "passed" | "skipped":
            return "success", words
        case "failed":
            return ("failure" if result.required else "success"), words
        case "waiting":
            return "pending", words
        case "not_audited" | "broken":
            return "error", words


def overall_status(judged: Verdict) -> tuple[StatusState, str]:
    """State and description of the one status that a branch can be protected with."""
    states: dict[str, StatusState] = {"passed": "success", "failed": "failure", "incomplete": "pending"}
    return states[judged.state], plain(judged.summary, LONGEST_DESCRIPTION)


def check_run_of(result: CheckResult) -> tuple[Literal["completed"], Conclusion, str]:
    """Status, conclusion and title of a check run. What needs a maintainer is "action_required"."""
    title = in_words(result)
    match result.state:
        case "passed":
            return "completed", "success", title
        case "skipped":
            return "completed", "skipped", title
        case "waiting":
            return "completed", "action_required", title
        case "not_audited":
            return "completed", "neutral", title
        case "failed" | "broken":
            return "completed", ("failure" if result.required else "neutral"), title


def _counts(results: tuple[CheckResult, ...]) -> str:
    """Such as `9 of 12 checks passed, 2 failed, 1 skipped`."""
    states = Counter(result.state for result in results)
    if states["skipped"] == len(results):
        return f"nothing to check: {counted(len(results), 'check')} skipped"
    first = f"{states['passed']} of {counted(len(results), 'check')} passed"
    return ", ".join([first, *(f"{states[state]} {words}" for state, words in _COUNTED[1:] if states[state])])


def _summary(decisive: list[CheckResult], results: tuple[CheckResult, ...]) -> str:
    """The decisive checks by name, such as `black, mypy failed; cost could not run; 9 of 12 checks passed, …`."""
    parts = []
    for state, words in _COUNTED:
        names = [short_name(result.check) for result in _those(decisive, (state,))]
        parts += [f"{', '.join(names)} {words}"] if names else []
    return "; ".join([*parts, _counts(results)])


def _those(results: list[CheckResult], states: tuple[State, ...]) -> list[CheckResult]:
    return [result for result in results if result.state in states]
