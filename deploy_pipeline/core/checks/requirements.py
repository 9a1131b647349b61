"""Requirement files of a pull request: only names with versions get through, rewritten line by line. Installs nothing.

What an installed package does when it is imported (a `.pth` file does it at every start of Python) is not looked at:
that happens in boxes without network and credentials only.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement

from deploy_pipeline.core.errors import DeployError

LARGEST_BYTES = 512 * 1024
MOST_LINES = 10_000
COMMENT = re.compile(r"(^|\s)#.*$")
INCLUDE = re.compile(r"(-r|--requirement|-c|--constraint)(?:\s*=\s*|\s*)(\S.*)")
HASH = re.compile(r"\s--hash(?:=|\s+)((?:sha256|sha384|sha512):[0-9a-fA-F]+)(?=\s|$)")
SHOWN = 80
ALLOWED = "only `name==version` with extras, markers and hashes, and -r or -c of a file of the repository"


class Uninstallable(DeployError):
    """The requirements cannot be met, or may not be installed: for the author of the pull request to correct."""


@dataclass(frozen=True)
class Line:
    """One line of a requirement file that counts. `number` is its first line's, from 1."""

    number: int
    text: str


def checked_requirements(files: Mapping[str, bytes], entries: tuple[str, ...] | None = None) -> dict[str, str]:
    """The files (path -> content) as they may be handed to an installer, which reads nothing but them.

    `entries` are those to install, by default all that no other names with -r or -c, and of a circle the first. The
    result has each entry with what it includes, and each constraints file that one names; a file that is both appears
    twice, as constraints under a name of its own. Checking a result again changes nothing. Raises Uninstallable for the
    first line that is refused.
    """
    lines = {path: tuple(_lines(path, content)) for path, content in files.items()}
    wanted = _entries(lines) if entries is None else entries
    result: dict[str, str] = {}
    constraints: dict[str, str] = {}
    for path in wanted:
        if path not in lines:
            raise Uninstallable("the file does not exist", where=path, todo="correct `requirements` in the spec")
        result[path] = _content(path, lines, wanted, constraints)
    return {**result, **constraints}


def _entries(lines: Mapping[str, tuple[Line, ...]]) -> tuple[str, ...]:
    """The files that no other names, and one of each circle that nothing leads into."""
    named = {path: [target for _, target in _includes(path, lines[path], lines)] for path in lines}
    targets = {target for path in lines for target in named[path] if target != path}
    entries, reached = [], set[str]()
    for path in sorted(lines, key=lambda path: path in targets):
        if path not in reached:
            entries.append(path)
        unread = [path]
        while unread:
            new = [target for target in named[unread.pop()] if target not in reached]
            reached.update(new)
            unread += new
    return tuple(path for path in lines if path in entries)


def installed_and_constraints(files: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which files of a result of `checked_requirements` are installed, and which only constrain."""
    named = {
        line[3:] for content in files.values() for line in content.splitlines() if line.startswith("-c ")
    }  # fmt: skip
    return tuple(path for path in files if path not in named), tuple(path for path in files if path in named)


def included_files(path: str, content: bytes) -> tuple[str, ...]:
    """The files, relative to the repository, that a requirement file names with -r or -c. Raises Uninstallable."""
    found = []
    for line in _lines(path, content):
        match = INCLUDE.fullmatch(line.text)
        if match:
            found.append(_resolved(path, match[2]))
    return tuple(found)


def _lines(path: str, content: bytes) -> Iterator[Line]:
    if len(content) > LARGEST_BYTES:
        raise Uninstallable(f"larger than {LARGEST_BYTES // 1024} KiB", where=path, todo="split or shorten it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Uninstallable("not UTF-8", where=path, todo="save it as UTF-8") from error
    start, joined = 1, ""
    for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if number > MOST_LINES:
            raise Uninstallable(f"more than {MOST_LINES} lines", where=path, todo="split or shorten it")
        if not joined:
            start = number
        part = "" if joined and raw.lstrip().startswith("#") else raw
        if part.endswith("\\"):
            joined += part[:-1] + " "
            continue
        stripped = COMMENT.sub("", joined + part).strip()
        joined = ""
        if stripped:
            yield Line(start, stripped)
    if joined.strip():
        yield Line(start, COMMENT.sub("", joined).strip())


def _includes(path: str, lines: tuple[Line, ...], known: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Option (`-r` or `-c`) and file of each include."""
    for line in lines:
        match = INCLUDE.fullmatch(line.text)
        if match:
            yield _include(path, line, match, known)


def _include(path: str, line: Line, match: re.Match[str], known: Mapping[str, object]) -> tuple[str, str]:
    target = _resolved(path, match[2])
    if target not in known:
        raise _refused(path, line, "names a file that is not in the repository")
    return ("-r" if match[1] in {"-r", "--requirement"} else "-c"), target


def _resolved(path: str, target: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target.strip()))


def _content(
    entry: str, files: Mapping[str, tuple[Line, ...]], entries: tuple[str, ...], constraints: dict[str, str]
) -> str:
    """One entry with everything that it includes. Fills `constraints` with the files that constrain it."""
    written: list[str] = []
    for path, line in _flat(entry, files):
        match = INCLUDE.fullmatch(line.text)
        if match is None:
            written.append(_requirement(path, line))
            continue
        _, target = _include(path, line, match, files)
        name = f"{target}.constraints" if target in entries else target
        written.append(f"-c {name}")
        constraints[name] = "".join(
            f"{_requirement(at, inner)}\n" for at, inner in _flat(target, files, constraints=True)
        )
    return "".join(f"{text}\n" for text in written)


def _flat(
    entry: str, files: Mapping[str, tuple[Line, ...]], *, constraints: bool = False
) -> Iterator[tuple[str, Line]]:
    """The lines of a file and of those that it includes, each file once; `-c` stays a line, but among constraints."""
    seen, stack = {entry}, [iter([(entry, line) for line in files[entry]])]
    while stack:
        path, line = next(stack[-1], ("", None))
        if line is None:
            stack.pop()
            continue
        match = INCLUDE.fullmatch(line.text)
        option, target = _include(path, line, match, files) if match else ("", "")
        if not match or (option == "-c" and not constraints):
            yield path, line
        elif target not in seen:
            seen.add(target)
            stack.append(iter([(target, inner) for inner in files[target]]))


def _requirement(path: str, line: Line) -> str:
    """The line, written anew from what was understood of it."""
    if line.text.startswith("-"):
        raise _refused(path, line, "is an option that is not allowed")
    hashes = HASH.findall(line.text)
    try:
        requirement = Requirement(HASH.sub("", line.text))
        text = str(requirement)
    # Also what is nested too deep for the parser, or has more digits than Python makes a number of.
    except (ValueError, RecursionError) as error:
        raise _refused(path, line, "is no name with versions") from error
    if requirement.url:
        raise _refused(path, line, "installs from an address")
    return " ".join([text, *(f"--hash={value}" for value in hashes)])


def _refused(path: str, line: Line, why: str) -> Uninstallable:
    shown = line.text if len(line.text) <= SHOWN else line.text[: SHOWN - 1] + "…"
    return Uninstallable(f"`{shown}` {why}", where=f"{path}:{line.number}", todo=f"write {ALLOWED}")
