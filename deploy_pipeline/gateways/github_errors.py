"""What githubkit raises, in the words of this package."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import GitHubNotFound, GitHubUnavailable

if TYPE_CHECKING:
    from githubkit.exception import GitHubException
    from httpx import Response

SERVER_ERROR = 500
TOO_MANY_REQUESTS = 429
FORBIDDEN = 403
NOT_FOUND = 404
# What GitHub asks for where a secondary limit comes without a time.
SECONDARY_LIMIT_PAUSE = timedelta(minutes=1)
LESSONS = {
    401: "the credentials are wrong or have expired: set GITHUB_TOKEN, or the GitHub App's id, key and installation",
    403: "give the token or the GitHub App the permissions contents: read, statuses, deployments, issues and pull "
    "requests: write, and the App checks: write, on this repository",
    404: "is the name right, and may these credentials see it? GitHub hides what they may not see",
    409: "the repository is empty or changed meanwhile",
    422: "does the commit exist on GitHub, and is every field within GitHub's limits?",
}


def taught(error: "GitHubException", where: str, now: datetime) -> DeployError:
    """The error to raise instead of `error`; a `GitHubUnavailable` when it passes by itself."""
    from githubkit.exception import AuthCredentialError, GitHubException, RequestFailed  # noqa: PLC0415 - slow
    from httpx import RequestError  # noqa: PLC0415

    if isinstance(error, RequestFailed):
        return _answered(error.response.raw_response, where, now)
    if isinstance(error, AuthCredentialError):
        return DeployError("the credentials cannot be used", where=where, todo=LESSONS[401])
    origin = getattr(error, "exc", error)
    if isinstance(origin, GitHubException):
        # The request for a GitHub App's installation token is made inside another request.
        return taught(origin, where, now)
    if not isinstance(origin, RequestError):
        # Not the network: the GitHub App's private key could not be used. What the library says may quote it.
        return DeployError("the credentials cannot be used", where=where, todo=LESSONS[401])
    reason = str(origin) or type(origin).__name__
    return GitHubUnavailable(f"GitHub did not answer: {reason}", where=where, todo="is it reachable from this machine?")


def moved(where: str) -> DeployError:
    """A redirect: GitHub answers so for a repository or a branch that was renamed, or a repository that was moved."""
    todo = "write its new name in deploy.yaml (repository.name, repository.branch)"
    return DeployError("the repository or branch was renamed or moved", where=where, todo=todo)


def _answered(response: "Response", where: str, now: datetime) -> DeployError:
    status, message = response.status_code, _message(response)
    what = f"GitHub answered {status}: {message}"
    if status in (FORBIDDEN, TOO_MANY_REQUESTS) and (wait_until := _limit_ends(response.headers, message, now)):
        return GitHubUnavailable(what, where=where, todo=f"wait until {wait_until.isoformat()}", retry_at=wait_until)
    if status >= SERVER_ERROR or status == TOO_MANY_REQUESTS:
        return GitHubUnavailable(what, where=where, todo="wait; see githubstatus.com")
    if status == NOT_FOUND:
        return GitHubNotFound(what, where=where, todo=LESSONS[NOT_FOUND])
    return DeployError(what, where=where, todo=LESSONS.get(status, ""))


def _limit_ends(headers: Mapping[str, str], message: str, now: datetime) -> datetime | None:
    """When the rate limit that this answer speaks of ends, or None when it speaks of none."""
    if headers.get("retry-after", "").isdigit():
        return now + timedelta(seconds=int(headers["retry-after"]))
    if headers.get("x-ratelimit-remaining") == "0" and headers.get("x-ratelimit-reset", "").isdigit():
        return datetime.fromtimestamp(int(headers["x-ratelimit-reset"]), UTC)
    return now + SECONDARY_LIMIT_PAUSE if "secondary rate limit" in message.lower() else None


def _message(response: "Response") -> str:
    """GitHub's own sentence, with the field errors that a 422 carries."""
    try:
        body = response.json()
    except ValueError:
        return response.reason_phrase
    if not isinstance(body, dict):
        return response.reason_phrase
    errors = [str(each.get("message") or each) if isinstance(each, dict) else str(each) for each in _listed(body)]
    return "; ".join([str(body.get("message", "")), *errors])


def _listed(body: Mapping[str, object]) -> list[object]:
    errors = body.get("errors")
    return errors if isinstance(errors, list) else []
