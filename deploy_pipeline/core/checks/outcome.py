"""What it means for a check when its program did not end by itself, or ended in a way that it does not document."""

from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.isolation import Limits, Outcome

KILLED = 128 + 9


def unfinished(outcome: Outcome, timeout_minutes: float, limits: Limits) -> Assessment | None:
    """A failure that names the limit which the program ran into; None when the program finished.

    A program that was killed by the system is a failure of the pull request too: it chose what it used.
    """
    minutes = f"{timeout_minutes:g} minute{'' if timeout_minutes == 1 else 's'}"
    match outcome.ending:
        case "timed_out":
            return Assessment("failed", f"it did not end within {minutes} and was stopped")
        case "out_of_memory":
            return Assessment("failed", f"it used more than its {limits.memory_mb} MiB of memory and was stopped")
        case "died":
            return Assessment("failed", "its box was stopped before it ended")
    if outcome.returncode == KILLED or (outcome.returncode is not None and outcome.returncode < 0):
        return Assessment("failed", f"it was killed ({limits.memory_mb} MiB of memory, {limits.processes} processes)")
    return None


def crashed(tool: str, outcome: Outcome) -> Assessment:
    """A tool that ended in a way that it does not document: nothing is known about the pull request."""
    said = plain(outcome.output[-2000:], 300)
    return Assessment("broken", f"{tool} itself failed with return code {outcome.returncode}: {said or 'no output'}")


def unreadable(tool: str, outcome: Outcome) -> Assessment:
    """A tool whose report is missing, cut, or not what it documents."""
    what = "is longer than its limit" if outcome.truncated else "cannot be read"
    said = plain(outcome.stderr[-2000:], 300)
    return Assessment("broken", f"the report of {tool} {what} (return code {outcome.returncode}): {said}".rstrip(": "))
