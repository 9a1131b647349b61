"""The tree that checks look at, over real folders."""

import os
from pathlib import Path

import pytest

from deploy_pipeline.checks.trees import prepare_trees


@pytest.fixture
def head(tmp_path: Path) -> Path:
    return tmp_path / "head"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tmp_path / "base"


def write(root: Path, files: dict[str, str]) -> None:
    root.mkdir(exist_ok=True)
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def shown(tree: Path) -> dict[str, str]:
    """Every file with its text, every link with where it leads; folders only through what they hold."""
    return {
        path.relative_to(tree).as_posix(): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in tree.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_prepare_trees_takes_code_from_the_head_and_configuration_from_the_base(
    head: Path, base: Path, tmp_path: Path
) -> None:
    write(
        base, {"a.py": "old", "setup.cfg": "base", "mypy.ini": "base", "same/tox.ini": "same", "gone/.flake8": "base"}
    )
    write(
        head, {"a.py": "new", "setup.cfg": "head", ".bandit": "head", "same/tox.ini": "same", "b/pyproject.toml": "h"}
    )
    tree, differing = prepare_trees(head, base, tmp_path / "into")
    assert tree == tmp_path / "into" / "head"
    assert shown(tree) == {
        "a.py": "new",
        "setup.cfg": "base",
        "mypy.ini": "base",
        "same/tox.ini": "same",
        "gone/.flake8": "base",
    }
    assert differing == (".bandit", "b/pyproject.toml", "gone/.flake8", "mypy.ini", "setup.cfg")


def test_prepare_trees_without_a_base_keeps_the_heads_configuration(head: Path, tmp_path: Path) -> None:
    write(head, {"setup.cfg": "head", ".git/config": "secret", "sub/.git": "gitdir: x", "sub/a": "a"})
    tree, differing = prepare_trees(head, None, tmp_path / "into")
    assert (shown(tree), differing) == ({"setup.cfg": "head", "sub/a": "a"}, ())


def test_prepare_trees_never_follows_a_link_of_the_head(head: Path, base: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, {"x": "outside"})
    write(base, {"sub/setup.cfg": "base", "deep/er/tox.ini": "base", "file/mypy.ini": "base", "pytest.ini": "base"})
    write(head, {"file": "a file now", "evil.ini": "head"})
    (head / "sub").symlink_to(outside)
    (head / "deep").mkdir()
    (head / "deep" / "er").symlink_to("../../outside", target_is_directory=True)
    (head / "loop").symlink_to("loop")
    (head / "absolute").symlink_to("/etc/passwd")
    (head / "pytest.ini").symlink_to("evil.ini")
    tree, differing = prepare_trees(head, base, tmp_path / "into")
    assert shown(tree) == {
        "file": "a file now",
        "evil.ini": "head",
        "sub": f"-> {outside}",
        "deep/er": "-> ../../outside",
        "loop": "-> loop",
        "absolute": "-> /etc/passwd",
        "pytest.ini": "base",
    }
    assert differing == ("deep/er/tox.ini", "file/mypy.ini", "pytest.ini", "sub/setup.cfg")
    assert shown(outside) == {"x": "outside"}


def test_prepare_trees_replaces_a_folder_in_place_of_a_configuration(head: Path, base: Path, tmp_path: Path) -> None:
    write(base, {"setup.cfg": "base", ".tfsec/config.yml": "base"})
    write(head, {"setup.cfg/setup.cfg": "head", ".tfsec/evil_tfchecks.yaml": "head"})
    tree, differing = prepare_trees(head, base, tmp_path / "into")
    assert shown(tree) == {"setup.cfg": "base", ".tfsec/config.yml": "base"}
    assert differing == (".tfsec/config.yml", ".tfsec/evil_tfchecks.yaml", "setup.cfg", "setup.cfg/setup.cfg")


def test_prepare_trees_takes_the_text_behind_a_link_of_the_base(head: Path, base: Path, tmp_path: Path) -> None:
    write(base, {"shared/flake8.txt": "base"})
    write(head, {"shared/flake8.txt": "head"})
    for root in (head, base):
        (root / ".flake8").symlink_to("shared/flake8.txt")
        (root / "mypy.ini").symlink_to("/etc/passwd")
        (root / "tox.ini").symlink_to("nowhere")
    tree, differing = prepare_trees(head, base, tmp_path / "into")
    assert (shown(tree), differing) == ({"shared/flake8.txt": "head", ".flake8": "base"}, ())


def test_prepare_trees_makes_everything_readable_and_leaves_the_checkout_alone(head: Path, tmp_path: Path) -> None:
    write(head, {"private": "p", "shared": "s", "run.sh": "#!", "deep/x": "x"})
    modes = {"private": 0o600, "shared": 0o644, "run.sh": 0o700, "deep/x": 0o644}
    for name, mode in modes.items():
        (head / name).chmod(mode)
    os.mkfifo(head / "pipe")
    before = os.umask(0o077)
    try:
        tree, _ = prepare_trees(head, None, tmp_path / "into")
    finally:
        os.umask(before)
    found = {path.relative_to(tree).as_posix(): oct(path.stat().st_mode & 0o777) for path in [tree, *tree.rglob("*")]}
    assert found == {
        ".": "0o755", "private": "0o644", "shared": "0o644", "run.sh": "0o755", "deep": "0o755", "deep/x": "0o644",
    }  # fmt: skip
    assert {name: (head / name).stat().st_mode & 0o777 for name in modes} == modes
    assert (tree / "shared").samefile(head / "shared")


def test_prepare_trees_starts_over(head: Path, tmp_path: Path) -> None:
    write(head, {"a": "a"})
    tree, _ = prepare_trees(head, None, tmp_path / "into")
    (tree / "left").write_text("from before")
    assert shown(prepare_trees(head, None, tmp_path / "into")[0]) == {"a": "a"}


def test_prepare_trees_names_what_is_not_utf_8_so_that_it_can_be_kept(head: Path, base: Path, tmp_path: Path) -> None:
    write(base, {})
    write(head, {})
    folder = head / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "tox.ini").write_text("head")
    assert prepare_trees(head, base, tmp_path / "into")[1] == ("caf\\xe9/tox.ini",)
