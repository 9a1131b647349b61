"""Which trees of commits are checked out."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.tree_paths import LARGEST_FILE, LARGEST_TREE, MOST_FILES, TreePaths

DEEP = "d/" * 100
BYTE = "\\377"
BLOB = f"100644 blob {'0' * 40}"


def entry(path: str, size: int = 1) -> str:
    """One line of `git ls-tree --long`."""
    return f"{BLOB} {size:>7}\t{path}"


@pytest.mark.parametrize(
    "line", ["a", f"{DEEP}f", f'"{BYTE * 255}"', '"' + "/".join([BYTE * 255] * 4) + '"', '"line\\nbreak\\""']
)
def test_paths_that_are_checked_out(line: str) -> None:
    TreePaths("c0ffee").take(entry(line))


@pytest.mark.parametrize(
    ("line", "what", "where"),
    [
        (f"{DEEP}d/f", "folders nested more than 100 deep", f"c0ffee: {'d/' * 30}…"),
        ("/".join(["x" * 254] * 5), "a path of more than 1024 bytes", f"c0ffee: {'x' * 60}…"),
        ("a/" + "x" * 256, "a name of more than 255 bytes", f"c0ffee: a/{'x' * 58}…"),
        (f'"{BYTE * 256}"', "a name of more than 255 bytes", f'c0ffee: "{BYTE * 14}\\37…'),
    ],
)
def test_paths_that_are_refused(line: str, what: str, where: str) -> None:
    with pytest.raises(DeployError) as caught:
        TreePaths("c0ffee").take(entry(line))
    assert (caught.value.what, caught.value.where) == (what, where)


def test_too_many_files_are_refused() -> None:
    paths = TreePaths("c0ffee")
    for _ in range(MOST_FILES):
        paths.take(entry("a"))
    with pytest.raises(DeployError, match="more than 500000 files and folders"):
        paths.take(entry("a"))


def test_too_many_folders_are_refused() -> None:
    paths = TreePaths("c0ffee")
    for number in range(MOST_FILES // 101):
        paths.take(entry(f"{number}/{'d/' * 99}f"))
    with pytest.raises(DeployError, match="more than 500000 files and folders"):
        paths.take(entry(f"x/{'d/' * 99}f"))


def test_a_folder_counts_once() -> None:
    paths = TreePaths("c0ffee")
    for number in range(MOST_FILES - 100):
        paths.take(entry(f"{DEEP}{number}"))
    with pytest.raises(DeployError, match="more than 500000 files and folders"):
        paths.take(entry("x"))


def test_a_file_that_is_too_large_is_refused() -> None:
    TreePaths("c0ffee").take(entry("a", LARGEST_FILE))
    with pytest.raises(DeployError, match="a file of more than 512 MiB"):
        TreePaths("c0ffee").take(entry("a", LARGEST_FILE + 1))


def test_one_blob_under_many_names_counts_each_time() -> None:
    paths = TreePaths("c0ffee")
    for number in range(LARGEST_TREE // LARGEST_FILE):
        paths.take(entry(f"f{number}", LARGEST_FILE))
    with pytest.raises(DeployError, match="files of more than 2 GiB in all"):
        paths.take(entry("one-more"))


def test_a_submodule_has_no_size() -> None:
    paths = TreePaths("c0ffee")
    for number in range(LARGEST_TREE // LARGEST_FILE):
        paths.take(f"160000 commit {'1' * 40}       -\tlibrary{number}")
        paths.take(entry(f"f{number}", LARGEST_FILE))
    with pytest.raises(DeployError, match="files of more than 2 GiB in all"):
        paths.take(entry("one-more"))
