"""Patterns of files, as in .gitignore, over the names of files that nobody has reviewed. It reads no file."""

from collections.abc import Callable, Iterable

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore import GitIgnorePatternError


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path matches one of the patterns. Where git would take one for a mistake, every path does.

    A check that nobody notices is worse than one too many.
    """
    try:
        wanted = GitIgnoreSpec.from_lines(patterns)
    except GitIgnorePatternError:
        return lambda path: True
    # The library's expressions do not go beyond a line break.
    return lambda path: wanted.match_file(path.replace("\n", "_"))
