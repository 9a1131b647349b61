"""Pull requests with the repositories at both ends in them, as the endpoints answer with them. Reads only."""

from typing import Any

from deploy_pipeline.sandbox.github_double.call import Call
from deploy_pipeline.sandbox.github_double.git.changes import changed_files
from deploy_pipeline.sandbox.github_double.git.history import count_commits
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.pull_merge import is_mergeable
from deploy_pipeline.sandbox.github_double.repositories import find_repository
from deploy_pipeline.sandbox.github_double.shapes.people import simple_user
from deploy_pipeline.sandbox.github_double.shapes.pulls import pull_request
from deploy_pipeline.sandbox.github_double.shapes.repositories import full_repository
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.versions import without_removed


class PullShapes:
    """Puts the pull requests of one repository into shape, within one request."""

    def __init__(self, call: Call, repository: BareRepository) -> None:
        self._call = call
        self._repository = repository
        self._base = full_repository(call.urls, call.full_name, repository)

    def simple(self, pull: Document) -> dict[str, Any]:
        """`PullRequestSimple`, for lists."""
        call, head = self._call, self._head(pull["head_repository"])
        return without_removed(pull_request(call.urls, call.full_name, pull, self._base, head), call.version)

    def full(self, pull: Document) -> dict[str, Any]:
        """`PullRequest`, with what has to be computed."""
        call, repository = self._call, self._repository
        files = changed_files(repository, merge_base(repository, pull), pull["head_sha"])
        merger = pull.get("merged_by")
        return {
            **self.simple(pull),
            **self._mergeable(pull),
            "merged": pull["merged_at"] is not None,
            "merged_by": simple_user(call.urls, merger) if merger else None,
            "comments": len(call.store.children("comment", call.full_name, pull["number"])),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": count_commits(repository, f"{pull['base_sha']}..{pull['head_sha']}"),
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
            "changed_files": len(files),
        }

    def _mergeable(self, pull: Document) -> dict[str, Any]:
        if pull["state"] != "open":
            return {"mergeable": None, "rebaseable": None, "mergeable_state": "unknown"}
        mergeable = is_mergeable(self._repository, pull)
        state = "draft" if pull["draft"] and mergeable else "clean" if mergeable else "dirty"
        return {"mergeable": mergeable, "rebaseable": False, "mergeable_state": state}

    def _head(self, full_name: str) -> dict[str, Any] | None:
        if full_name == self._call.full_name:
            return self._base
        fork = find_repository(self._call.services.state, full_name)
        return {**full_repository(self._call.urls, full_name, fork), "fork": True} if fork else None


def merge_base(repository: BareRepository, pull: Document) -> str:
    """The commit that a pull request's changes are seen against."""
    return repository.merge_base(pull["base_sha"], pull["head_sha"]) or str(pull["base_sha"])
