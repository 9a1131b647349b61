"""GitHub's REST API through githubkit. The interface is `github`."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.pull_permission import LabelEvent, Permission
from deploy_pipeline.gateways import github_answers as answers
from deploy_pipeline.gateways import github_check_runs, github_comments, github_identity, github_pulls
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import (
    Annotation,
    BranchHead,
    CheckRunStatus,
    Conclusion,
    GitHub,
    GitHubUnavailable,
    PullList,
    PullState,
    RemarkList,
    StatusState,
)
from deploy_pipeline.gateways.github_clients import GitHubSettings, app_client
from deploy_pipeline.gateways.github_requests import PAGE_SIZE, Requests
from deploy_pipeline.gateways.github_texts import cut

LONGEST_DESCRIPTION = 140
TOKEN_SECONDS = 600.0
"""For so long a token of an installation is used again; GitHub's last an hour."""


class GitHubApi(GitHub):
    """The repositories that the credentials in `settings` may see.

    After an outage, questions and statuses (which say the same when said twice) are asked again; deployments, check
    runs and new comments are not.
    """

    def __init__(self, settings: GitHubSettings, clock: Clock) -> None:
        self._settings = settings
        self._requests = Requests(settings, clock)
        self._clock = clock
        self._known: github_identity.Identity | None = None
        self._clone_urls: dict[str, str] = {}
        self._clone_token = ("", 0.0)

    def branch_head(self, repository: str, branch: str, etag: str | None) -> BranchHead | None:
        headers = {"If-None-Match": etag} if etag else {}
        url = f"/repos/{repository}/branches/{quote(branch)}"
        answer = self._requests.ask(
            "GET", url, f"GitHub {repository}, branch {branch}", answers.BranchAnswer, headers=headers
        )
        if answer.status_code == HTTPStatus.NOT_MODIFIED:
            return None
        return BranchHead(answer.parsed_data.commit.sha, answer.headers.get("etag", ""))

    def commit(self, repository: str, sha: str) -> Commit:
        where, url = f"GitHub {repository}, commit {sha}", f"/repos/{repository}/commits/{sha}"
        found = self._requests.ask("GET", url, where, answers.CommitAnswer).parsed_data
        pulls = self._requests.ask("GET", f"{url}/pulls", where, list[answers.CommitPullAnswer]).parsed_data
        number = answers.merged_pull_request(pulls, found.sha) or self._named_pull_request(repository, found)
        return found.as_commit(number)

    def _named_pull_request(self, repository: str, commit: answers.CommitAnswer) -> int | None:
        """The pull request that the commit's own message names, if GitHub says that its merge made the commit.

        For some seconds after a merge GitHub does not know yet which pull request a commit belongs to.
        """
        number = answers.named_pull_request(commit.commit.message)
        if number is None:
            return None
        where, url = f"GitHub {repository}, pull request {number}", f"/repos/{repository}/pulls/{number}"
        try:
            pull = self._requests.ask("GET", url, where, answers.CommitPullAnswer).parsed_data
        except GitHubUnavailable:
            raise
        except DeployError:  # a number that is none: of an issue, or of another repository
            return None
        return answers.merged_pull_request([pull], commit.sha) if pull.merge_commit_sha == commit.sha else None

    def commits_between(self, repository: str, base: str, head: str) -> tuple[Commit, ...]:
        where = f"GitHub {repository}, {base}...{head}"
        found: list[answers.CommitAnswer] = []
        page = 1
        while True:
            params = {"per_page": PAGE_SIZE, "page": page}
            url = f"/repos/{repository}/compare/{base}...{head}"
            part = self._requests.ask("GET", url, where, answers.ComparisonAnswer, params=params).parsed_data
            found += part.commits
            if not part.commits or len(found) >= part.total_commits:
                break
            page += 1
        return tuple(commit.as_commit() for commit in answers.first_parents(found, found[-1].sha if found else head))

    def clone_url(self, repository: str) -> str:
        if repository not in self._clone_urls:  # every step asks
            where, url = f"GitHub {repository}", f"/repos/{repository}"
            answer = self._requests.ask("GET", url, where, answers.RepositoryAnswer)
            self._clone_urls[repository] = answer.parsed_data.clone_url
        return self._clone_urls[repository]

    def clone_token(self) -> str | None:
        settings = self._settings
        if not settings.app_id:
            return settings.token
        token, until = self._clone_token
        if self._clock.monotonic() < until:
            return token
        url = f"/app/installations/{settings.installation_id}/access_tokens"
        where = f"GitHub App {settings.app_id}, installation {settings.installation_id}"
        answer = self._requests.ask("POST", url, where, answers.InstallationToken, client=app_client(settings))
        token = answer.parsed_data.token.get_secret_value()
        self._clone_token = (token, self._clock.monotonic() + TOKEN_SECONDS)
        return token

    def set_status(
        self, repository: str, sha: str, *, state: StatusState, context: str, description: str, url: str | None
    ) -> None:
        body = {
            "state": state,
            "context": context,
            "description": cut(description, LONGEST_DESCRIPTION),
            "target_url": url,
        }
        self._requests.ask(
            "POST", f"/repos/{repository}/statuses/{sha}", f"GitHub {repository}, status of {sha}", Any, json=body
        )

    def create_deployment(self, repository: str, sha: str, environment: str, description: str) -> int:
        body = {
            "ref": sha,
            "environment": environment,
            "description": cut(description, LONGEST_DESCRIPTION),
            # Exactly this commit, whatever else is on the branch and whatever its checks say: both are decided here.
            "auto_merge": False,
            "required_contexts": [],
        }
        where = f"GitHub {repository}, deployment of {sha}"
        answer = self._requests.ask(
            "POST", f"/repos/{repository}/deployments", where, answers.Identified, json=body, attempts=1
        )
        return answer.parsed_data.id

    def set_deployment_status(
        self, repository: str, deployment_id: int, *, state: str, description: str, url: str | None
    ) -> None:
        body = {"state": state, "description": cut(description, LONGEST_DESCRIPTION), "log_url": url or ""}
        path = f"/repos/{repository}/deployments/{deployment_id}/statuses"
        self._requests.ask("POST", path, f"GitHub {repository}, deployment {deployment_id}", Any, json=body)

    def open_pull_requests(self, repository: str, base: str, etag: str | None) -> PullList | None:
        return github_pulls.open_pull_requests(self._requests, repository, base, etag)

    def pull_request(self, repository: str, number: int) -> PullState:
        return github_pulls.pull_request(self._requests, repository, number)

    def approvers(self, repository: str, number: int, head: str) -> tuple[str, ...]:
        return github_pulls.approvers(self._requests, repository, number, head)

    def status(self, repository: str, sha: str, context: str) -> StatusState | None:
        return github_pulls.status(self._requests, repository, sha, context)

    def permission(self, repository: str, login: str) -> Permission:
        return github_pulls.permission(self._requests, repository, login)

    def label_events(self, repository: str, number: int, label: str) -> tuple[LabelEvent, ...]:
        return github_pulls.label_events(self._requests, repository, number, label)

    def remove_label(self, repository: str, number: int, label: str) -> None:
        github_pulls.remove_label(self._requests, repository, number, label)

    def login(self) -> str:
        return self._identity.login

    def remarks(self, repository: str, number: int, since: datetime, etag: str | None) -> RemarkList | None:
        return self._comments(repository, number).listed(since, etag)

    def upsert_comment(self, repository: str, number: int, marker: str, body: str) -> str:
        return self._comments(repository, number).upsert(marker, body)

    def _comments(self, repository: str, number: int) -> github_comments.Comments:
        return github_comments.Comments(self._requests, repository, number, self._identity.login)

    def writes_check_runs(self) -> bool:
        return bool(self._settings.app_id) or self._settings.check_runs

    def set_check_run(
        self, repository: str, sha: str, *, name: str, status: CheckRunStatus, conclusion: Conclusion | None,
        title: str, summary: str, text: str, url: str, annotations: tuple[Annotation, ...],
    ) -> None:  # fmt: skip
        said = github_check_runs.Said(name, status, conclusion, title, summary, text, url, annotations)
        github_check_runs.set_check_run(self._requests, repository, sha, said, self._identity.app_id)

    @property
    def _identity(self) -> github_identity.Identity:
        # Not cached_property: in Python 3.11 that has every thread wait in a lock for the first one's answer.
        self._known = self._known or github_identity.identity(self._requests)
        return self._known
