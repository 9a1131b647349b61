"""Changes of files that have to be noticed, and those that have not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy_pipeline.warm.code_state import CodeState, roots_of

SPEC = "deploy.yaml"


def same_size_and_time(folder: Path) -> None:
    """As `git checkout` and editors write: a new file in the place of the old one."""
    before = (folder / "a.py").stat()
    (folder / "new").write_text("A = 2\n")
    os.utime(folder / "new", ns=(before.st_atime_ns, before.st_mtime_ns))
    (folder / "new").rename(folder / "a.py")


def later(folder: Path, name: str) -> None:
    os.utime(folder / name, ns=(1, 1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A package, and a file that it reads."""
    package = tmp_path / "package"
    (package / "below").mkdir(parents=True)
    for name in ("a.py", "below/b.py", "notes.txt", SPEC):
        (package / name).write_text("A = 1\n")
    return package


def state(folder: Path) -> CodeState:
    return CodeState.now([folder, folder / SPEC])


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a.py").write_text("A = 12\n"),
        lambda folder: later(folder, "below/b.py"),
        lambda folder: (folder / "below/c.py").touch(),
        lambda folder: (folder / "below/b.py").unlink(),
        lambda folder: later(folder, SPEC),
        lambda folder: (folder / SPEC).unlink(),
        same_size_and_time,
    ],
)
def test_a_change_of_the_code_is_noticed(folder: Path, change: Callable[[Path], object]) -> None:
    before = state(folder)
    assert not before.changed
    change(folder)
    assert before.changed


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "notes.txt").write_text("other"),
        lambda folder: (folder / "__pycache__").mkdir(),
        lambda folder: (folder / "a.py").read_text(),
    ],
)
def test_what_is_not_code_is_not(folder: Path, change: Callable[[Path], object]) -> None:
    before = state(folder)
    change(folder)
    assert not before.changed


def test_the_code_of_a_module_is_its_whole_package() -> None:
    (root,) = roots_of("deploy_pipeline.warm.code_state")
    assert (root / "warm" / "code_state.py").is_file()
    assert roots_of("no_such_package.at_all") == []
