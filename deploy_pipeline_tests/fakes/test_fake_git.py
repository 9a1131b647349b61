"""The fake git keeps what its interface promises."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_git import FakeGit


def test_fake_git_follows_parents_and_refuses_unknown_commits(tmp_path: Path) -> None:
    fake = FakeGit({"c": tmp_path}, parents={"c": ("b",), "b": ("a",)})
    assert fake.checkout("https://github.com/a/b", "c", "token") == tmp_path
    assert (fake.is_ancestor("a", "c"), fake.is_ancestor("c", "b")) == (True, False)
    assert (fake.checkouts, fake.tokens) == ([("https://github.com/a/b", "c")], ["token"])
    with pytest.raises(DeployError, match="no commit x"):
        fake.checkout("https://github.com/a/b", "x")
