"""A git gateway over a history that the test gives."""

from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.git import Git


class FakeGit(Git):
    """`trees` maps a commit to its folder, `parents` a commit to its parents (absent: none)."""

    def __init__(self, trees: Mapping[str, Path], parents: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._trees = dict(trees)
        self._parents = dict(parents or {})
        self.checkouts: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []

    def checkout(self, clone_url: str, sha: str, token: str | None = None) -> Path:
        self.checkouts.append((clone_url, sha))
        self.tokens.append(token)
        if sha not in self._trees:
            raise DeployError(f"the repository has no commit {sha}", where=clone_url, todo="push the commit")
        return self._trees[sha]

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        if descendant not in self._trees and descendant not in self._parents:
            raise DeployError(f"no mirror has the commit {descendant}", where="git", todo="check the commit out first")
        pending, seen = [descendant], set[str]()
        while pending:
            sha = pending.pop()
            if sha == ancestor:
                return True
            if sha not in seen:
                seen.add(sha)
                pending.extend(self._parents.get(sha, ()))
        return False
