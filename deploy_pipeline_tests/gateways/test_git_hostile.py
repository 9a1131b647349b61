"""Commits that git can store and hardly anything else can work with, over the real git."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy_pipeline.checks.trees import prepare_trees
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline_tests.gateways.git_case import IDENTITY, Repository, local


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "remote")


def a_commit(repository: Repository, name: bytes, folder: bytes, depth: int, copies: int = 1) -> str:
    """One file `name` in so many folders below each other; with more `copies` each folder is there so many times."""
    blob = plumbing(repository, b"text", "hash-object", "-w", "--stdin")
    tree = plumbing(repository, b"100644 blob %s\t%s\0" % (blob, name), "mktree", "-z")
    for _ in range(depth):
        names = [folder + (b"%d" % number if copies > 1 else b"") for number in range(copies)]
        entries = b"".join(b"040000 tree %s\t%s\0" % (tree, each) for each in names)
        tree = plumbing(repository, entries, "mktree", "-z")
    sha = repository.git("commit-tree", tree.decode(), "-m", "hostile").strip()
    repository.git("update-ref", "refs/heads/main", sha)
    return sha


def plumbing(repository: Repository, given: bytes, *arguments: str) -> bytes:
    environment = {**os.environ, **IDENTITY}
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=repository.folder, env=environment, input=given, check=True, capture_output=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "folder", "depth", "copies", "what"),
    [
        (b"f", b"d", 1500, 1, "folders nested more than 100 deep"),
        (b"f", b"d" * 200, 30, 1, "a path of more than 1024 bytes"),
        (b"x" * 256, b"d", 1, 1, "a name of more than 255 bytes"),
        (b"f", b"d", 10, 10, "more than 500000 files"),
    ],
)
def test_a_tree_that_nobody_can_work_with_is_refused_and_leaves_nothing(
    repository: Repository, tmp_path: Path, name: bytes, folder: bytes, depth: int, copies: int, what: str
) -> None:
    sha = a_commit(repository, name, folder, depth, copies)
    with pytest.raises(DeployError, match=what):
        local(tmp_path / "work").checkout(repository.url, sha)
    assert list((tmp_path / "work" / "checkouts").iterdir()) == []
    assert local(tmp_path / "work").checkout(repository.url, repository.commit({"a": ""})).is_dir()


def test_long_names_that_are_not_text_are_laid_out_and_removed(repository: Repository, tmp_path: Path) -> None:
    sha = a_commit(repository, b"\xff" * 255, b"\xfe" * 255, 3)
    base = repository.commit({"README.md": ""})
    git = local(tmp_path / "work")
    tree = git.checkout(repository.url, sha)
    workspace = Workspace(tmp_path / "work")
    laid_out, _ = prepare_trees(tree, git.checkout(repository.url, base), workspace.validation("run"))
    path = b"/".join([b"\xfe" * 255] * 3 + [b"\xff" * 255])
    assert Path(os.fsdecode(os.fsencode(laid_out) + b"/" + path)).read_text() == "text"
    assert path.decode(errors="backslashreplace") in {each.path for each in git.changes(base, sha)}
    workspace.discard(workspace.validation("run"))
    assert not laid_out.exists()


def test_one_blob_under_many_names_is_not_written(repository: Repository, tmp_path: Path) -> None:
    blob = plumbing(repository, b"x" * 5_000_000, "hash-object", "-w", "--stdin")
    tree = plumbing(repository, b"".join(b"100644 blob %s\tf%d\0" % (blob, n) for n in range(500)), "mktree", "-z")
    sha = repository.git("commit-tree", tree.decode(), "-m", "bomb").strip()
    repository.git("update-ref", "refs/heads/main", sha)
    with pytest.raises(DeployError, match="files of more than 2 GiB in all"):
        local(tmp_path / "work").checkout(repository.url, sha)
    assert list((tmp_path / "work" / "checkouts").iterdir()) == []


@pytest.mark.parametrize(
    "attributes", ["* ident", "* text eol=crlf", "* working-tree-encoding=UTF-32", "* filter=evil"]
)
def test_attributes_do_not_make_files_larger(repository: Repository, tmp_path: Path, attributes: str) -> None:
    """A line `$Id$` would become ten times as long: the sizes that were counted are those that are written."""
    blob = plumbing(repository, b"$Id$\n", "hash-object", "-w", "--stdin")
    own = plumbing(repository, attributes.encode(), "hash-object", "-w", "--stdin")
    entries = b"100644 blob %s\t.gitattributes\x00100644 blob %s\tf\0" % (own, blob)
    sha = repository.git("commit-tree", plumbing(repository, entries, "mktree", "-z").decode(), "-m", "x").strip()
    repository.git("update-ref", "refs/heads/main", sha)
    assert (local(tmp_path / "work").checkout(repository.url, sha) / "f").read_bytes() == b"$Id$\n"


def test_leftovers_that_python_cannot_remove_are_removed(repository: Repository, tmp_path: Path) -> None:
    git = local(tmp_path / "work")
    git.checkout(repository.url, repository.commit({"a": "1"}))
    (mirror,) = (tmp_path / "work" / "mirrors").glob("*.git")
    abandoned = tmp_path / "work" / "checkouts" / f".{mirror.name}-abandoned"
    abandoned.mkdir()
    deep = "import os\nfor _ in range(1500): os.mkdir('d'); os.chdir('d')"
    subprocess.run([sys.executable, "-c", deep], cwd=abandoned, check=True)
    assert git.checkout(repository.url, repository.commit({"a": "2"})).is_dir()
    assert not abandoned.exists()
