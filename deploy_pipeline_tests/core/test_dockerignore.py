"""Which `.dockerignore` files are used."""

import pytest

from deploy_pipeline.core.dockerignore import LARGEST_BYTES, patterns, refusal

STARS = "has a pattern with more than 4 stars between slashes, or 8 in all"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ""),
        (b"# comment\n!*.py\n**/node_modules/**/*.js\n\xff\n", ""),
        (b"a\n" * 100, ""),
        (b"a" * LARGEST_BYTES, ""),
        (b"a" * (LARGEST_BYTES + 1), "is larger than 64 KiB"),
        (b"ok\n*a*a*a*a*b\n", STARS),
        (b"**/" * 5 + b"b", STARS),
        (b"**a" * 14 + b"b", STARS),
    ],
)
def test_refusal(content: bytes, expected: str) -> None:
    assert refusal(content) == expected


def test_patterns_are_those_that_the_sdk_takes() -> None:
    assert patterns("# a comment\n\n  *.md  \n!kept.md\n #x\n") == ["*.md", "!kept.md"]
