"""Seeding repositories: from folders and checkouts, and commits without a work tree."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.github_double.git.changes import changed_files
from deploy_pipeline.sandbox.github_double.git.ref_names import is_ref_name
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository, git_environment
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch, create_repository
from deploy_pipeline_tests.sandbox.doubles_support import AUTHOR

AT = datetime(2026, 1, 31, 12, tzinfo=UTC)


def listed(bare: Path, commit: str) -> list[str]:
    """`mode path` of every file."""
    lines = BareRepository(bare).text("ls-tree", "-r", commit).splitlines()
    return [f"{line.split()[0]} {line.partition(chr(9))[2]}" for line in lines]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "größe.txt").write_text("1\n")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "link").symlink_to("sub")
    return folder


def test_folder_is_taken_whole_with_modes(tmp_path: Path, source: Path) -> None:
    sha = create_repository(tmp_path / "state", "acme/shop", source, at=AT)
    bare = tmp_path / "state" / "repos" / "acme" / "shop.git"
    assert listed(bare, "main") == ["120000 link", "100755 run.sh", "100644 sub/größe.txt"]
    assert BareRepository(bare).branch_head("main") == sha
    assert [path.name for path in bare.parent.iterdir()] == ["shop.git"]


def test_same_files_and_time_make_the_same_commit(tmp_path: Path, source: Path) -> None:
    first, second = (create_repository(tmp_path / name, "acme/shop", source, at=AT) for name in ("a", "b"))
    assert first == second


def test_checkout_gives_tracked_and_new_files_but_no_ignored_ones(tmp_path: Path, source: Path) -> None:
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(source), *arguments], check=True, env=git_environment())
    (source / ".gitignore").write_text("*.log\n")
    (source / "noise.log").write_text("x")
    (source / "new.txt").write_text("x")
    (source / "run.sh").unlink()
    create_repository(tmp_path / "state", "acme/shop", source)
    files = listed(tmp_path / "state" / "repos" / "acme" / "shop.git", "main")
    assert files == ["100644 .gitignore", "120000 link", "100644 new.txt", "100644 sub/größe.txt"]


def test_existing_repository_and_bad_names_are_refused(tmp_path: Path, source: Path) -> None:
    create_repository(tmp_path, "acme/shop", source)
    with pytest.raises(DeployError, match="exists already"):
        create_repository(tmp_path, "acme/shop", source)
    for name in ("shop", "../x/y", "acme/..", "acme/a/b", "acme/", "-x/y"):
        with pytest.raises(ValueError, match="owner/name"):
            create_repository(tmp_path, name, source)


def test_commit_keeps_modes_removes_files_and_follows_the_branch(tmp_path: Path, source: Path) -> None:
    first = create_repository(tmp_path, "acme/shop", source, at=AT)
    bare = tmp_path / "repos" / "acme" / "shop.git"
    changes = {"run.sh": b"#!/bin/bash\n", "sub/größe.txt": None, "a b/c\nd.txt": b"\0"}
    second = commit_on_branch(bare, "topic", "main", changes, "Change", AUTHOR, at=AT)
    third = commit_on_branch(bare, "topic", "main", {"e": b""}, "More", AUTHOR, at=AT)
    repository = BareRepository(bare)
    assert repository.text("log", "--format=%H %an", "topic").splitlines()[::-1] == [
        f"{first} Sandbox Seed",
        f"{second} Ada",
        f"{third} Ada",
    ]
    assert repository.branch_head("main") == first
    paths = repository.run("ls-tree", "-r", "-z", "--name-only", "topic").decode().split("\0")
    assert paths == ["a b/c\nd.txt", "e", "link", "run.sh", ""]
    assert "100755 run.sh" in listed(bare, "topic")


def test_bad_commits_are_refused(tmp_path: Path, source: Path) -> None:
    create_repository(tmp_path, "acme/shop", source)
    bare = tmp_path / "repos" / "acme" / "shop.git"
    with pytest.raises(DeployError, match="no commit 'gone'"):
        commit_on_branch(bare, "topic", "gone", {}, "x", AUTHOR)
    with pytest.raises(DeployError, match="not of the form"):
        commit_on_branch(bare, "topic", "main", {}, "x", "Ada")
    for path in ("../outside", "/etc/passwd", ".git/config", "a//b"):
        with pytest.raises(DeployError, match="no path"):
            commit_on_branch(bare, "topic", "main", {path: b"x"}, "x", AUTHOR)
    with pytest.raises(DeployError, match="no name for a branch"):
        commit_on_branch(bare, "a..b", "main", {"x": b"x"}, "x", AUTHOR)


def test_change_of_type_has_one_entry_with_both_halves(tmp_path: Path, source: Path) -> None:
    create_repository(tmp_path, "acme/shop", source)
    bare = BareRepository(tmp_path / "repos" / "acme" / "shop.git")
    (source / "run.sh").unlink()
    (source / "run.sh").symlink_to("sub")
    (source / "zz.txt").write_text("z\n")
    create_repository(tmp_path, "acme/other", source)
    other = tmp_path / "repos" / "acme" / "other.git"
    bare.run("fetch", "-q", str(other), "main:other")
    changes = changed_files(bare, "main", "other")
    assert [(change.path, change.status) for change in changes] == [("run.sh", "changed"), ("zz.txt", "added")]
    assert changes[1].patch == "@@ -0,0 +1 @@\n+z"


@pytest.mark.parametrize("name", ["main", "feature/a", "v1.0", "größe", "a-b_c", "refs"])
def test_ref_names_that_git_takes(name: str) -> None:
    assert is_ref_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "@", "-x", "/a", "a/", "a//b", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "a@{1}"],
)
def test_ref_names_that_would_be_revision_syntax_or_options(name: str) -> None:
    assert not is_ref_name(name)


@pytest.mark.parametrize("name", [".a", "a/.b", "a.lock", "a.lock/b", "a.", "a\nb", "a\0b"])
def test_ref_names_that_git_refuses(name: str) -> None:
    assert not is_ref_name(name)
