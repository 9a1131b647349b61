"""What differs between two trees, file by file, as GitHub lists it. Reads only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository

_STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied", "T": "changed"}
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "-M", "--full-index")
_PATCH_LIMIT = 100_000  # characters; GitHub leaves out large patches as well


@dataclass(frozen=True)
class FileChange:
    """One changed file. `patch` is None for a binary or very large change, `previous` is set for a renamed file."""

    path: str
    previous: str | None
    status: str
    blob: str
    additions: int
    deletions: int
    patch: str | None


@dataclass(frozen=True)
class _Entry:
    status: str
    blob: str
    previous: str | None
    path: str


def changed_files(repository: BareRepository, old: str, new: str) -> list[FileChange]:
    """The files that differ from commit or tree `old` to `new`, in path order."""
    entries = list(_raw_entries(_words(repository, "--raw", old, new)))
    counts = list(_numstat(_words(repository, "--numstat", old, new)))
    chunks = _patches(repository, old, new)
    return [_change(entry, count, chunks) for entry, count in zip(entries, counts, strict=True)]


def _words(repository: BareRepository, form: str, old: str, new: str) -> Iterator[str]:
    output = repository.run(*_DIFF, "-z", form, old, new, "--").decode(errors="replace")
    return iter(output.split("\0")[:-1])


def _raw_entries(words: Iterator[str]) -> Iterator[_Entry]:
    for header in words:
        _, _, old_blob, new_blob, letter = header.split(" ")
        first = next(words)
        second = next(words) if letter[0] in "RC" else None
        blob = old_blob if letter == "D" else new_blob
        yield _Entry(letter[0], blob, first if second else None, second or first)


def _numstat(words: Iterator[str]) -> Iterator[tuple[int, int]]:
    for word in words:
        additions, deletions, path = word.split("\t", 2)
        if not path:  # a rename: both names follow as words of their own
            next(words), next(words)
        yield (0 if additions == "-" else int(additions), 0 if deletions == "-" else int(deletions))


def _patches(repository: BareRepository, old: str, new: str) -> Iterator[str]:
    """The text of each file's hunks. Only a header can begin a line with `diff --git`: content is prefixed."""
    output = repository.run(*_DIFF, "--patch", old, new, "--").decode(errors="replace")
    return iter(re.split(r"^diff --git ", output, flags=re.MULTILINE)[1:])


def _change(entry: _Entry, count: tuple[int, int], chunks: Iterator[str]) -> FileChange:
    chunk = next(chunks)
    if entry.status == "T":  # git prints a change of type as a removal and an addition
        chunk += next(chunks)
    _, mark, hunks = chunk.partition("\n@@")
    patch = f"@@{hunks}".rstrip("\n") if mark and len(hunks) <= _PATCH_LIMIT else None
    return FileChange(entry.path, entry.previous, _STATUSES[entry.status], entry.blob, count[0], count[1], patch)
