"""The parts of GitHub's answers that are read here. Not GitHub's whole models, which its answers do not always fit."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, SecretStr

from deploy_pipeline.core.commit import Commit


class Identified(BaseModel):
    """Anything of which only the number is read."""

    id: int


class RepositoryAnswer(BaseModel):
    """A repository."""

    clone_url: str


class CommitRef(BaseModel):
    """A mention of a commit."""

    sha: str


class BranchAnswer(BaseModel):
    """A branch."""

    commit: CommitRef


class Signature(BaseModel):
    """Git's record of who and when."""

    name: str
    date: datetime


class GitCommit(BaseModel):
    """Git's part of a commit."""

    message: str
    author: Signature
    committer: Signature


class Account(BaseModel):
    """A GitHub account; absent where the author's address belongs to none."""

    login: str | None = None


class InstallationToken(BaseModel):
    """A token of a GitHub App's installation."""

    token: SecretStr


class CommitAnswer(BaseModel):
    """A commit with its place in the history."""

    sha: str
    html_url: str
    commit: GitCommit
    author: Account | None = None
    parents: list[CommitRef] = []

    def as_commit(self, pull_request: int | None = None) -> Commit:
        """The value that the rest of the package uses; the GitHub login is preferred to git's free text."""
        login = self.author.login if self.author else None
        return Commit(
            sha=self.sha,
            message=self.commit.message,
            author=login or self.commit.author.name,
            committed_at=self.commit.committer.date.astimezone(UTC),
            url=self.html_url,
            pull_request=pull_request,
        )


class ComparisonAnswer(BaseModel):
    """One page of the commits between two commits, oldest first."""

    total_commits: int
    commits: list[CommitAnswer]


class CommitPullAnswer(BaseModel):
    """A pull request that a commit belongs to."""

    number: int
    merged_at: datetime | None = None
    merge_commit_sha: str | None = None


def merged_pull_request(pulls: Sequence[CommitPullAnswer], sha: str) -> int | None:
    """The number of the merged pull request that brought `sha`; the one whose merge made that commit comes first."""
    merged = [pull for pull in pulls if pull.merged_at]
    exact = [pull for pull in merged if pull.merge_commit_sha == sha]
    return next((pull.number for pull in [*exact, *merged]), None)


NAMED = re.compile(r"Merge pull request #(\d+) from .*|.* \(#(\d+)\)")


def named_pull_request(message: str) -> int | None:
    """The number in the first line that GitHub gives a merge commit, or a squashed one. People can write it, too."""
    found = NAMED.fullmatch(message.partition("\n")[0].rstrip())
    return int(found[1] or found[2]) if found else None


def first_parents(commits: Sequence[CommitAnswer], head: str) -> list[CommitAnswer]:
    """The commits on the branch itself, oldest first, without those that merge commits brought in."""
    by_sha = {commit.sha: commit for commit in commits}
    chain: list[CommitAnswer] = []
    at = by_sha.get(head)
    while at:
        chain.append(at)
        at = by_sha.get(at.parents[0].sha) if at.parents else None
    return chain[::-1]
