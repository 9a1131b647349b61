"""Text of tools is shown on one line, without anything that a terminal would obey."""

import pytest

from deploy_pipeline.core.checks.plain_text import counted, plain, repository_path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("fine", "fine"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x1b[0m\x07", "[31mred [0m"),
        ("a\u202eb\u2028c\ud800", "a b c"),
        ("x" * 13, "xxxxxxxxxxx…"),
        ("\n" * 5000 + "late", ""),
    ],
)
def test_plain(text: str, expected: str) -> None:
    assert plain(text, 12) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.py", "a.py"),
        ("./a/b.py", "a/b.py"),
        ("/checkout/a b.py", "a b.py"),
        ("a/../b.py", "b.py"),
        ("../base/a.py", ""),
        ("/etc/passwd", ""),
        ("/checkout", ""),
        ("/checkouts/a.py", ""),
        ("a\n::error::x.py", ""),
        ("", ""),
    ],
)
def test_repository_path(path: str, expected: str) -> None:
    assert repository_path(path, "/checkout") == expected


@pytest.mark.parametrize(
    ("number", "words", "expected"),
    [
        (0, ("file",), "0 files"),
        (1, ("file",), "1 file"),
        (2, ("file",), "2 files"),
        (1, ("file is", "files are"), "1 file is"),
        (3, ("file is", "files are"), "3 files are"),
    ],
)
def test_counted(number: int, words: tuple[str, ...], expected: str) -> None:
    assert counted(number, *words) == expected
