"""The checkout of the commit that a step works on. Each step asks for it by SHA; the first one makes it."""

from pathlib import Path

from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub


def checked_out(github: GitHub, git: Git, repository: str, sha: str) -> Path:
    """The read-only work tree of one commit."""
    return git.checkout(github.clone_url(repository), sha, github.clone_token())


def source_of(github: GitHub, git: Git, candidate: Candidate) -> Path:
    """The read-only work tree of a candidate's commit."""
    return checked_out(github, git, candidate.spec.repository.name, candidate.commit.sha)
