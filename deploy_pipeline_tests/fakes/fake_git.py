"""A git gateway over a history that the test gives."""

from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.git import Git


class FakeGit(Git):
    """`trees` maps a commit to its folder, `parents` a commit to its parents (absent: none), `changed` two commits to
    what differs between them (absent: nothing)."""

    def __init__(
        self,
        trees: Mapping[str, Path],
        parents: Mapping[str, tuple[str, ...]] | None = None,
        changed: Mapping[tuple[str, str], tuple[ChangedFile, ...]] | None = None,
    ) -> None:
        self._trees = dict(trees)
        self._parents = dict(parents or {})
        self._changed = dict(changed or {})
        self.checkouts: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []

    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        self.checkouts.append((clone_url, sha))
        self.tokens.append(token)
        if sha not in self._trees:
            raise DeployError(f"the repository has no commit {sha}", where=clone_url, todo="push the commit")
        return self._trees[sha]

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        self._need(descendant)
        return ancestor in self._history(descendant)

    def merge_base(self, base: str, head: str) -> str:
        self._need(base, head)
        of_base = self._history(base)
        for sha in self._history(head):
            if sha in of_base:
                return sha
        raise DeployError(f"{head} has no common history with {base}", where="git", todo="rebase it on that branch")

    def merges(self, base: str, head: str) -> tuple[str, ...]:
        self._need(base, head)
        of_base, found, sha = self._history(base), [], head
        while sha not in of_base:
            found.append(sha)
            sha = next(iter(self._parents.get(sha, ())), base)
        return tuple(reversed(found))

    def changes(self, base: str, head: str) -> tuple[ChangedFile, ...]:
        self._need(base, head)
        return self._changed.get((base, head), ())

    def _need(self, *shas: str) -> None:
        if not all(sha in self._trees or sha in self._parents for sha in shas):
            commits = " and ".join(f"the commit {sha}" for sha in shas)
            raise DeployError(f"no mirror has {commits}", where="git", todo="check the commit out first")

    def _history(self, sha: str) -> list[str]:
        """The commit and all before it, the nearest first."""
        found = [sha]
        for commit in found:
            found.extend(parent for parent in self._parents.get(commit, ()) if parent not in found)
        return found
