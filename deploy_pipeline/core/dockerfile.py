"""What a Dockerfile takes from outside of its build context: the images that it starts from or copies out of.

It reads no more than that. Where it cannot be sure, it says so: such an image is always built.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

SCRATCH = "scratch"
_DIRECTIVE = re.compile(r"\s*#\s*(\w+)\s*=\s*(\S+)\s*$")
_ARGUMENT = re.compile(r"([A-Za-z_]\w*)(?:=([^\s\"'\\]*|\"[^\"\\$]*\"|'[^'\\$]*'))?")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)\})")
_FROM = re.compile(r"(?:--platform=\S+\s+)?(\S+)(?:\s+as\s+(\S+))?", re.I)
_COPIED = re.compile(r"--from=(\S+)")
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@", re.I)


class Unclear(ValueError):
    """The Dockerfile has something whose meaning is not certain."""


@dataclass(frozen=True)
class Bases:
    """The references of the images outside, sorted; `doubt` says why there may be others."""

    references: tuple[str, ...]
    doubt: str = ""


def bases_of(dockerfile: str, build_args: Mapping[str, str]) -> Bases:
    """The images that a build of `dockerfile` takes from the engine or from a registry."""
    try:
        return Bases(tuple(sorted(_References(build_args).read(dockerfile))))
    except Unclear as error:
        return Bases((), str(error))


class _References:
    """Walks through the instructions, knowing the arguments before the first FROM and the names of the stages."""

    def __init__(self, build_args: Mapping[str, str]) -> None:
        self._given = build_args
        self._arguments: dict[str, str] = {}
        self._stages: set[str] = set()
        self._count = 0
        self._found: set[str] = set()

    def read(self, dockerfile: str) -> set[str]:
        for word, rest in instructions(dockerfile):
            if word == "ARG" and not self._count:
                self._argument(rest)
            elif word == "FROM":
                self._from(rest)
            elif word in ("COPY", "ADD"):
                self._copy(word, rest)
            elif word == "ONBUILD":
                raise Unclear("the Dockerfile has an ONBUILD, which a later stage of it may carry out")
            elif word == "RUN" and "--mount" in rest:
                raise Unclear("a RUN of the Dockerfile mounts something")
        if not self._count:
            raise Unclear("the Dockerfile has no FROM")
        return self._found

    def _argument(self, rest: str) -> None:
        for part in rest.split():
            match = _ARGUMENT.fullmatch(part)
            if match is None:
                raise Unclear(f"the Dockerfile's ARG {rest!r} is not understood")
            name, default = match[1], (match[2] or "").strip("\"'")
            if name in self._given or default:  # without either, whatever uses it is unclear
                self._arguments[name] = self._given[name] if name in self._given else self._filled_in(default)

    def _from(self, rest: str) -> None:
        match = _FROM.fullmatch(rest)
        if match is None:
            raise Unclear(f"the Dockerfile's FROM {rest!r} is not understood")
        if "--platform" in rest:
            raise Unclear("the Dockerfile asks for a platform")
        self._add(self._filled_in(match[1]), self._stages)
        self._count += 1
        if match[2]:
            self._stages.add(match[2].lower())

    def _copy(self, word: str, rest: str) -> None:
        if word == "ADD" and (_REMOTE.search(rest) or "$" in rest):
            raise Unclear("the Dockerfile adds something that is not in the build context")
        for reference in _COPIED.findall(rest):
            if "$" in reference:
                raise Unclear(f"the Dockerfile copies from {reference}")
            self._add(reference, {*self._stages, *map(str, range(self._count))})

    def _add(self, reference: str, stages: set[str]) -> None:
        if reference.lower() not in stages and reference != SCRATCH:
            self._found.add(reference)

    def _filled_in(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name not in self._arguments:
                raise Unclear(f"the Dockerfile's ${name} has no value")
            return self._arguments[name]

        filled = _VARIABLE.sub(value, text)
        if not filled or re.search(r"[\"'\\]", filled) or "$" in _VARIABLE.sub("", text):
            raise Unclear(f"the Dockerfile's {text!r} is not understood")
        return filled


def instructions(dockerfile: str) -> Iterator[tuple[str, str]]:
    """Each instruction in capitals, with what follows it: comments left out, lines that go on put together."""
    lines = dockerfile.lstrip("\ufeff").split("\n")
    if "<<" in dockerfile:
        raise Unclear("the Dockerfile may have a here-document")
    if any(_DIRECTIVE.match(line) for line in _head(lines)):
        raise Unclear("the Dockerfile has a parser directive")
    logical = ""
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith("\\"):
            logical += line.rstrip()[:-1]
            continue
        yield _split(logical + line)
        logical = ""
    if logical.strip():
        yield _split(logical)


def _head(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.lstrip().startswith("#"):
            return
        yield line


def _split(logical: str) -> tuple[str, str]:
    word, *rest = logical.split(maxsplit=1)
    return word.upper(), rest[0].strip() if rest else ""
