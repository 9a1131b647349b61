"""The fake git keeps what its interface promises."""

from pathlib import Path

import pytest

from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_git import FakeGit


def test_fake_git_follows_parents_and_refuses_unknown_commits(tmp_path: Path) -> None:
    fake = FakeGit({"c": tmp_path}, parents={"c": ("b",), "b": ("a",)})
    assert fake.checkout("https://github.com/a/b", "c", "token") == tmp_path
    assert (fake.is_ancestor("a", "c"), fake.is_ancestor("c", "b")) == (True, False)
    assert (fake.checkouts, fake.tokens) == ([("https://github.com/a/b", "c")], ["token"])
    with pytest.raises(DeployError, match="no commit x"):
        fake.checkout("https://github.com/a/b", "x")


def test_fake_git_finds_the_nearest_common_commit_and_gives_the_changes(tmp_path: Path) -> None:
    changed = (ChangedFile("a.py", "added", ((1, 1),)),)
    parents = {"main": ("left",), "head": ("mid",), "mid": ("left",), "left": ("root",), "alone": ()}
    fake = FakeGit({}, parents, {("left", "head"): changed})
    assert (fake.merge_base("main", "head"), fake.changes("left", "head")) == ("left", changed)
    assert fake.changes("left", "mid") == ()
    with pytest.raises(DeployError, match="no common history"):
        fake.merge_base("main", "alone")
    with pytest.raises(DeployError, match="no mirror has the commit x and the commit head"):
        fake.changes("x", "head")
