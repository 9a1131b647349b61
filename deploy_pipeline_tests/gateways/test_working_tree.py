"""A folder as a commit, with real git: what it holds, and that nothing of the user's repository changes."""

import os
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.gateways.working_tree import WorkingTree
from deploy_pipeline_tests.gateways.git_case import Repository, local


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit({"a.py": "1\n", "sub/b.py": "2\n", ".gitignore": "*.log\nforced.txt\n"})
    return made


def working_tree(folder: Path) -> WorkingTree:
    return WorkingTree(folder, LocalProcess(environment=os.environ, clock=SystemClock()), os.environ)


def files(repository: Repository, work: Path, base: str | None = None) -> dict[str, str]:
    """What a mirror checks out of a snapshot."""
    snapshot = working_tree(repository.folder).snapshot(base, "main")
    tree = local(work).checkout(snapshot.url, snapshot.head)
    found = (path for path in tree.rglob("*") if path.is_file() and path.name != ".gitignore")
    return {str(path.relative_to(tree)): path.read_text() for path in found}


def everything(repository: Repository) -> dict[str, object]:
    """All of a repository that belongs to its user."""
    git = repository.folder / ".git"
    return {
        "refs": repository.git("for-each-ref"),
        "head": (git / "HEAD").read_text(),
        "index": (git / "index").read_bytes(),
        "stash": repository.git("stash", "list"),
        "status": repository.git("--no-optional-locks", "status", "--porcelain"),
        "files": {path.name: path.read_bytes() for path in repository.folder.glob("*.*") if path.is_file()},
        "kept": sorted(path.name for path in git.iterdir()),
    }


def make_dirty(repository: Repository) -> None:
    """A stash, something staged, changed, removed, untracked, ignored, and ignored but added by force."""
    (repository.folder / "a.py").write_text("stashed\n")
    repository.git("stash")
    (repository.folder / "staged.py").write_text("3\n")
    (repository.folder / "forced.txt").write_text("4\n")
    repository.git("add", "staged.py")
    repository.git("add", "--force", "forced.txt")
    (repository.folder / "staged.py").write_text("changed since\n")
    (repository.folder / "untracked ä.py").write_text("5\n")
    (repository.folder / "ignored.log").write_text("6\n")
    (repository.folder / "sub/b.py").unlink()


def test_a_clean_folder_is_its_own_commit(repository: Repository) -> None:
    head = repository.git("rev-parse", "HEAD").strip()
    snapshot = working_tree(repository.folder).snapshot(None, "main")
    assert (snapshot.head, snapshot.base) == (head, head)


def test_what_is_not_committed_counts_and_nothing_is_touched(repository: Repository, tmp_path: Path) -> None:
    make_dirty(repository)
    before = everything(repository)
    assert files(repository, tmp_path / "work") == {
        "a.py": "1\n", "staged.py": "changed since\n", "forced.txt": "4\n", "untracked ä.py": "5\n",
    }  # fmt: skip
    assert everything(repository) == before


def test_the_same_content_is_the_same_commit(repository: Repository) -> None:
    make_dirty(repository)
    tree = working_tree(repository.folder)
    assert tree.snapshot(None, "main") == tree.snapshot(None, "main")


def test_an_error_changes_nothing_either(repository: Repository) -> None:
    make_dirty(repository)
    before = everything(repository)
    with pytest.raises(DeployError, match="git rev-parse") as raised:
        working_tree(repository.folder).snapshot("no-such-branch", "main")
    assert raised.value.todo == "name a commit or a branch of this repository"
    assert everything(repository) == before


def test_a_base_that_looks_like_an_option_is_none(repository: Repository) -> None:
    with pytest.raises(DeployError, match="git rev-parse"):
        working_tree(repository.folder).snapshot("--all", "main")


def test_the_base_is_what_the_remote_has_before_what_is_here(repository: Repository) -> None:
    first = repository.git("rev-parse", "HEAD").strip()
    second = repository.commit({"a.py": "2\n"})
    tree = working_tree(repository.folder)
    assert tree.snapshot(None, "main").base == second
    repository.git("update-ref", "refs/remotes/origin/main", first)
    assert tree.snapshot(None, "main").base == first
    assert tree.snapshot("HEAD", "main").base == second
    assert tree.snapshot(None, "release").base == ""


def test_a_folder_below_the_root_stands_for_the_whole_repository(repository: Repository) -> None:
    tree = working_tree(repository.folder / "sub")
    assert tree.root == repository.folder
    (repository.folder / "a.py").write_text("changed\n")
    assert tree.snapshot(None, "main").head != repository.git("rev-parse", "HEAD").strip()


def test_what_a_sparse_checkout_leaves_out_is_not_removed(repository: Repository, tmp_path: Path) -> None:
    repository.git("sparse-checkout", "set", "elsewhere")
    assert not (repository.folder / "sub").exists()
    (repository.folder / "a.py").write_text("changed\n")
    assert files(repository, tmp_path / "work") == {"a.py": "changed\n", "sub/b.py": "2\n"}


def test_a_second_work_tree_of_a_repository(repository: Repository, tmp_path: Path) -> None:
    repository.git("worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "topic")
    (tmp_path / "second/new.py").write_text("new\n")
    snapshot = working_tree(tmp_path / "second").snapshot(None, "main")
    assert (local(tmp_path / "work").checkout(snapshot.url, snapshot.head) / "new.py").read_text() == "new\n"


def test_a_repository_without_a_commit_says_so(tmp_path: Path) -> None:
    empty = Repository(tmp_path / "empty")
    with pytest.raises(DeployError) as raised:
        working_tree(empty.folder).snapshot(None, "main")
    assert raised.value.todo == "commit something first"


def test_a_folder_that_is_no_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="not a git repository") as raised:
        working_tree(tmp_path)
    assert raised.value.todo == "run this in a git repository"
