"""The fake GitHub."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github import BranchHead, GitHubUnavailable
from deploy_pipeline_tests.fakes.fake_github import DeploymentRecord, DeploymentStatus, FakeGitHub, Status

A = Commit("a", "A", "ada", datetime(2026, 1, 1, tzinfo=UTC), "https://github.test/a", 1)
B = replace(A, sha="b", pull_request=2)
C = replace(A, sha="c", pull_request=3)


def test_history() -> None:
    fake = FakeGitHub([A, B, C])
    assert fake.branch_head("r", "main", None) == BranchHead("c", '"c"')
    assert fake.branch_head("r", "main", '"c"') is None
    assert fake.commit("r", "b") == B
    assert fake.commits_between("r", "a", "c") == (replace(B, pull_request=None), replace(C, pull_request=None))
    assert fake.commits_between("r", "c", "c") == ()
    assert fake.clone_url("r").endswith(".git")


def test_branches() -> None:
    fake = FakeGitHub(branches={"main": [A], "other": [A, B]})
    assert fake.branch_head("r", "other", None) == BranchHead("b", '"b"')
    assert [commit.sha for commit in fake.commits_between("r", "a", "b")] == ["b"]
    with pytest.raises(DeployError, match="404"):
        fake.branch_head("r", "third", None)
    with pytest.raises(DeployError, match="404"):
        fake.commit("r", "z")


def test_what_is_told_is_recorded() -> None:
    fake = FakeGitHub([A])
    fake.set_status("r", "a", state="pending", context="deploy", description="d", url=None)
    number = fake.create_deployment("r", "a", "production", "d")
    fake.set_deployment_status("r", number, state="success", description="done", url="https://ui.test")
    assert fake.statuses == [Status("a", "pending", "deploy", "d", None)]
    assert fake.deployments == [DeploymentRecord(1, "a", "production", "d")]
    assert fake.deployment_statuses == [DeploymentStatus(1, "success", "done", "https://ui.test")]


def test_outage() -> None:
    with pytest.raises(GitHubUnavailable):
        FakeGitHub([A], outage=GitHubUnavailable("down")).branch_head("r", "main", None)
