"""What GitHub hears of a validation's checks, each by its own name. Failing to tell is said, and fails no check."""

from deploy_pipeline.core.checks.annotations import annotations
from deploy_pipeline.core.checks.assessment import CheckResult
from deploy_pipeline.core.checks.catalogue import enabled
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.verdict import Verdict, check_run_of, display_name, overall_status, status_of
from deploy_pipeline.gateways.github import Annotation, GitHub, StatusState
from deploy_pipeline.ops.tell import attempt

OVERALL = display_name("validation")
RUNNING = "running"


def tell_begun(github: GitHub, subject: Subject, url: str) -> str:
    """Show every check as pending, so that nobody merges before they have ended."""
    return attempt(_tell_begun, github, subject, url)


def _tell_begun(github: GitHub, subject: Subject, url: str) -> str:
    names = [OVERALL, *map(display_name, enabled(subject.spec))]
    for name in names:
        if github.writes_check_runs() and name != OVERALL:
            github.set_check_run(
                subject.repository, subject.head, name=name, status="in_progress", conclusion=None, title=RUNNING,
                summary="", text="", url=url, annotations=(),
            )  # fmt: skip
        else:
            set_status(github, subject, "pending", name, RUNNING, url)
    return f"{len(names)} statuses pending"


def tell_result(github: GitHub, subject: Subject, result: CheckResult, url: str) -> str:
    """Show how a check ended: as a check run where GitHub lets us write them, else as a commit status."""
    return attempt(_tell_result, github, subject, result, url)


def _tell_result(github: GitHub, subject: Subject, result: CheckResult, url: str) -> str:
    name = display_name(result.check)
    if not github.writes_check_runs():
        state, description = status_of(result)
        set_status(github, subject, state, name, description, url)
        return state
    status, conclusion, title = check_run_of(result)
    notes = tuple(
        Annotation(note.path, note.start_line, note.end_line, note.level, note.title, note.message)
        for note in annotations(subject, result)
    )
    github.set_check_run(
        subject.repository, subject.head, name=name, status=status, conclusion=conclusion, title=title,
        summary=result.summary, text="", url=url, annotations=notes,
    )  # fmt: skip
    return conclusion or status


def tell_verdict(github: GitHub, subject: Subject, verdict: Verdict, url: str) -> str:
    """Show the verdict under the one name that a branch can be protected with."""
    return attempt(_tell_verdict, github, subject, verdict, url)


def _tell_verdict(github: GitHub, subject: Subject, verdict: Verdict, url: str) -> str:
    state, description = overall_status(verdict)
    set_status(github, subject, state, OVERALL, description, url)
    return state


def set_status(github: GitHub, subject: Subject, state: StatusState, name: str, description: str, url: str) -> None:
    """Set one commit status of the head."""
    github.set_status(subject.repository, subject.head, state=state, context=name, description=description, url=url)


def tell_ended(github: GitHub, repository: str, sha: str, name: str, why: str, url: str) -> None:
    """Show that a check did not run to its end, through no fault of the pull request."""
    if github.writes_check_runs() and name != OVERALL:
        github.set_check_run(
            repository, sha, name=name, status="completed", conclusion="cancelled", title=why, summary=why, text="",
            url=url, annotations=(),
        )  # fmt: skip
    else:
        github.set_status(repository, sha, state="error", context=name, description=why, url=url)
