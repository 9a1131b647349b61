"""GitHub's REST API through githubkit. The interface is `github`."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways import github_answers as answers
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import BranchHead, GitHub, GitHubUnavailable, StatusState
from deploy_pipeline.gateways.github_clients import GitHubSettings, app_client, installation_client
from deploy_pipeline.gateways.github_errors import moved, taught

if TYPE_CHECKING:
    from githubkit import GitHub as Client
    from githubkit import Response

T = TypeVar("T")

ATTEMPTS = 3
PAGE_SIZE = 100
LONGEST_DESCRIPTION = 140


class GitHubApi(GitHub):
    """The repositories that the credentials in `settings` may see.

    After an outage, questions and statuses (which say the same when said twice) are asked again; deployments are not.
    """

    def __init__(self, settings: GitHubSettings, clock: Clock) -> None:
        self._clock = clock
        self._settings = settings
        self._client = installation_client(settings)

    def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
        headers = {"If-None-Match": etag} if etag else {}
        url = f"/repos/{repository}/branches/{quote(branch)}"
        answer = self._ask("GET", url, f"GitHub {repository}, branch {branch}", answers.BranchAnswer, headers=headers)
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        return BranchHead(answer.parsed_data.commit.sha, answer.headers.get("etag", ""))

    def commit(self, repository: str, sha: str) -> Commit:
        where, url = f"GitHub {repository}, commit {sha}", f"/repos/{repository}/commits/{sha}"
        found = self._ask("GET", url, where, answers.CommitAnswer).parsed_data
        pulls = self._ask("GET", f"{url}/pulls", where, list[answers.PullRequestAnswer]).parsed_data
        return found.as_commit(answers.merged_pull_request(pulls, found.sha))

    def commits_between(self, repository: str, base: str, head: str) -> tuple[Commit, ...]:
        where = f"GitHub {repository}, {base}...{head}"
        found: list[answers.CommitAnswer] = []
        page = 1
        while True:
            params = {"per_page": PAGE_SIZE, "page": page}
            url = f"/repos/{repository}/compare/{base}...{head}"
            part = self._ask("GET", url, where, answers.ComparisonAnswer, params=params).parsed_data
            found += part.commits
            if not part.commits or len(found) >= part.total_commits:
                break
            page += 1
        return tuple(commit.as_commit() for commit in answers.first_parents(found, found[-1].sha if found else head))

    def clone_url(self, repository: str) -> str:
        answer = self._ask("GET", f"/repos/{repository}", f"GitHub {repository}", answers.RepositoryAnswer)
        return answer.parsed_data.clone_url

    def clone_token(self) -> str | None:
        settings = self._settings
        if not settings.app_id:
            return settings.token
        url = f"/app/installations/{settings.installation_id}/access_tokens"
        where = f"GitHub App {settings.app_id}, installation {settings.installation_id}"
        answer = self._ask("POST", url, where, answers.InstallationToken, client=app_client(settings))
        return answer.parsed_data.token.get_secret_value()

    def set_status(
        self, repository: str, sha: str, *, state: StatusState, context: str, description: str, url: str | None
    ) -> None:
        body = {"state": state, "context": context, "description": _cut(description), "target_url": url}
        self._ask(
            "POST", f"/repos/{repository}/statuses/{sha}", f"GitHub {repository}, status of {sha}", Any, json=body
        )

    def create_deployment(self, repository: str, sha: str, environment: str, description: str) -> int:
        body = {
            "ref": sha,
            "environment": environment,
            "description": _cut(description),
            # Exactly this commit, whatever else is on the branch and whatever its checks say: both are decided here.
            "auto_merge": False,
            "required_contexts": [],
        }
        where = f"GitHub {repository}, deployment of {sha}"
        answer = self._ask("POST", f"/repos/{repository}/deployments", where, answers.Identified, json=body, attempts=1)
        return answer.parsed_data.id

    def set_deployment_status(
        self, repository: str, deployment_id: int, *, state: str, description: str, url: str | None
    ) -> None:
        body = {"state": state, "description": _cut(description), "log_url": url or ""}
        path = f"/repos/{repository}/deployments/{deployment_id}/statuses"
        self._ask("POST", path, f"GitHub {repository}, deployment {deployment_id}", Any, json=body)

    def _ask(
        self,
        method: str,
        url: str,
        where: str,
        model: type[T],
        *,
        attempts: int = ATTEMPTS,
        client: "Client[Any] | None" = None,
        **request: Any,
    ) -> "Response[T]":
        retrying = Retrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(attempts),
            wait=wait_exponential(multiplier=0.5, max=4) + wait_random(0, 0.5),
            retry=retry_if_exception(_is_outage),
            reraise=True,
        )
        return retrying(self._ask_once, client or self._client, method, url, where, model, request)

    def _ask_once(
        self, client: "Client[Any]", method: str, url: str, where: str, model: type[T], request: dict[str, Any]
    ) -> "Response[T]":
        from githubkit.exception import GitHubException  # noqa: PLC0415 - slow to import

        try:
            answer = client.request(method, url, response_model=model, **request)
            if answer.is_success:
                _ = answer.parsed_data  # parsed once and kept: what does not fit is told of here
        except GitHubException as error:
            raise taught(error, where, self._clock.now()) from error
        except ValidationError as error:
            todo = "is GITHUB_API_URL the address of GitHub's REST API?"
            raise DeployError("the answer is not one of GitHub's", where=where, todo=todo) from error
        if not answer.is_success and answer.status_code != HTTPStatus.NOT_MODIFIED:
            raise moved(where)
        return answer


def _is_outage(error: BaseException) -> bool:
    """Whether trying again soon may help. A rate limit has its own time, and the caller is told of it."""
    return isinstance(error, GitHubUnavailable) and error.retry_at is None


def _cut(description: str) -> str:
    too_long = len(description) > LONGEST_DESCRIPTION
    return description[: LONGEST_DESCRIPTION - 1] + "…" if too_long else description
