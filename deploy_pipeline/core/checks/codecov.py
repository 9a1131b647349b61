"""An upload to Codecov, as its documentation describes version 4: first ask where to, then put the report there."""

from urllib.parse import urlencode, urlsplit

from deploy_pipeline.core.checks.subject import PullRequest

REPORT_END = "\n<<<<<< EOF\n"
ASK = {"Accept": "text/plain"}
PUT = {"Content-Type": "text/plain"}


def ask_url(service: str, token: str, repository: str, pull_request: PullRequest) -> str:
    """Where to announce a report. The token is part of it, as Codecov wants it: never show this."""
    query = {
        "commit": pull_request.head,
        "token": token,
        "branch": pull_request.head_branch,
        "pr": pull_request.number,
        "slug": repository,
        "service": "custom",
    }
    return f"{service.rstrip('/')}/upload/v4?{urlencode(query)}"


def targets(answer: str, service: str) -> tuple[str, str] | None:
    """Where people will see the report, and where to put it; None for any other answer.

    The report goes nowhere without TLS, unless the service itself is asked without it.
    """
    lines = answer.split()
    if len(lines) != 2:  # noqa: PLR2004 - the two lines of the documentation
        return None
    schemes = {"https", urlsplit(service).scheme}
    return (lines[0], lines[1]) if all(urlsplit(line).scheme in schemes for line in lines) else None
