"""The fake GitHub."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.pull_permission import LabelEvent
from deploy_pipeline.gateways.github import BranchHead, GitHubNotFound, GitHubUnavailable, PullList, PullState
from deploy_pipeline_tests.fakes.fake_github import (
    START,
    CheckRun,
    DeploymentRecord,
    DeploymentStatus,
    FakeGitHub,
    Status,
)

A = Commit("a", "A", "ada", datetime(2026, 1, 1, tzinfo=UTC), "https://github.test/a", 1)
B = replace(A, sha="b", pull_request=2)
C = replace(A, sha="c", pull_request=3)
PULL = PullRequest(7, "Add", "ada", "https://github.test/pull/7", "a1", "topic", "b1", "main")


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


def test_pull_requests() -> None:
    fake = FakeGitHub(pull_requests=[PULL])
    listed = fake.open_pull_requests("r", "main", None)
    assert listed is not None
    assert listed == PullList((PULL,), listed.etag, START)
    assert fake.open_pull_requests("r", "main", listed.etag) is None
    fake.push(7, "a2")
    assert fake.pull_request("r", 7) == PullState(replace(PULL, head="a2"), open=True)
    fake.close(7)
    after = fake.open_pull_requests("r", "main", listed.etag)
    assert after is not None and after.pull_requests == ()
    assert not fake.pull_request("r", 7).open
    with pytest.raises(GitHubNotFound):
        fake.pull_request("r", 8)


def test_labels_and_permissions() -> None:
    fake = FakeGitHub(pull_requests=[PULL], permissions={"maria": "write"}, login="us")
    fake.add_label(7, "ok", "maria")
    fake.pass_time(1)
    fake.push(7, "a2", forced=True)
    fake.remove_label("r", 7, "OK")
    fake.remove_label("r", 7, "ok")
    assert fake.label_events("r", 7, "ok") == (
        LabelEvent(1, "maria", START, "added"),
        LabelEvent(2, "ada", fake.at, "head_moved"),
        LabelEvent(3, fake.login(), fake.at, "removed"),
    )
    assert [event.kind for event in fake.label_events("r", 7, "other")] == ["head_moved"]
    assert (fake.permission("r", "maria"), fake.permission("r", "ada")) == ("write", "none")


def test_comments_and_check_runs() -> None:
    fake = FakeGitHub(pull_requests=[PULL], check_runs=True)
    assert fake.upsert_comment("r", 7, "<!-- m -->", "one") == fake.upsert_comment("r", 7, "<!-- m -->", "two")
    assert fake.comments == {(7, "<!-- m -->"): "two"}
    said = ("lint", "completed", "success", "title", "summary", "text", "https://ui.test", ())
    fake.set_check_run(
        "r", "a1", name="lint", status="completed", conclusion="success", title="title", summary="summary",
        text="text", url="https://ui.test", annotations=(),
    )  # fmt: skip
    assert fake.check_runs == [CheckRun("a1", *said)]
    with pytest.raises(DeployError, match="403"):
        FakeGitHub().set_check_run(
            "r", "a1", name="lint", status="queued", conclusion=None, title="", summary="", text="", url="",
            annotations=(),
        )  # fmt: skip
