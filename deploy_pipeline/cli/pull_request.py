"""What a developer does in the demo and in the end-to-end test: commit on a branch, open a pull request, merge it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch

AUTHOR = "Ada Developer <ada@engagement.example.com>"
SECONDS = 30.0


@dataclass(frozen=True)
class Developer:
    """A person with a clone (`repository`, bare) and a token for the REST interface at `api_url`."""

    api_url: str
    token: str
    name: str
    repository: Path

    def propose(self, branch: str, base: str, changes: dict[str, bytes | None], title: str) -> int:
        """Commit `changes` (None deletes a file) on a new branch and open a pull request; its number."""
        commit_on_branch(self.repository, branch, base, changes, title, AUTHOR)
        body = {"title": title, "head": branch, "base": base, "body": "Made by the demo."}
        return int(self._call("POST", "pulls", body)["number"])

    def push(self, branch: str, changes: dict[str, bytes | None], message: str) -> str:
        """Commit `changes` on a branch that is there; the SHA of its new head."""
        return commit_on_branch(self.repository, branch, branch, changes, message, AUTHOR)

    def merge(self, number: int) -> str:
        """Merge a pull request; the SHA of the merge commit."""
        return str(self._call("PUT", f"pulls/{number}/merge", {"merge_method": "merge"})["sha"])

    def close(self, number: int) -> None:
        """Close a pull request without merging it."""
        self._call("PATCH", f"pulls/{number}", {"state": "closed"})

    def statuses(self, sha: str) -> list[dict[str, Any]]:
        """The statuses of a commit, newest first."""
        return list(self._call("GET", f"commits/{sha}/statuses", None))

    def _call(self, method: str, path: str, body: dict[str, str] | None) -> Any:
        url = f"{self.api_url.rstrip('/')}/repos/{self.name}/{path}"
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, url, json=body, headers=headers, timeout=SECONDS)
        if answer.is_error:
            raise DeployError(f"{answer.status_code} {answer.text[:500]}", where=f"{method} {url}")
        return answer.json()
