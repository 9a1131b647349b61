"""GitHub's REST API through githubkit. The interface is `github`."""

from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from deploy_pipeline.core.commit import Commit
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
    PullList,
    PullState,
    RemarkList,
    StatusState,
)
from deploy_pipeline.gateways.github_clients import GitHubSettings, app_client
from deploy_pipeline.gateways.github_requests import PAGE_SIZE, Requests
from deploy_pipeline.gateways.github_texts import cut

LONGEST_DESCRIPTION = 140


class GitHubApi(GitHub):
    """The repositories that the credentials in `settings` may see.

    After an outage, questions and statuses (which say the same when said twice) are asked again; deployments, check
    runs and new comments are not.
    """

    def __init__(self, settings: GitHubSettings, clock: Clock) -> None:
        self._settings = settings
        self._requests = Requests(settings, clock)
        self._known: github_identity.Identity | None = None

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
        return found.as_commit(answers.merged_pull_request(pulls, found.sha))

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
        answer = self._requests.ask("GET", f"/repos/{repository}", f"GitHub {repository}", answers.RepositoryAnswer)
        return answer.parsed_data.clone_url

    def clone_token(self) -> str | None:
        settings = self._settings
        if not settings.app_id:
            return settings.token
        url = f"/app/installations/{settings.installation_id}/access_tokens"
        where = f"GitHub App {settings.app_id}, installation {settings.installation_id}"
        answer = self._requests.ask("POST", url, where, answers.InstallationToken, client=app_client(settings))
        return answer.parsed_data.token.get_secret_value()

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
