"""What is wrong with a deploy.yaml, all of it at once, as the person who wrote it needs to see it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec_positions import Flaw, Path
from deploy_pipeline.core.spec_scalars import shown

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True)
class SpecMistake:
    """One mistake. `key` is a path such as `smoke_tests[2].expect.status_code`, empty for the file as a whole."""

    file: str
    line: int
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: {self.key}: " if self.key else f"{self.file}:{self.line}: "
        # What is expected can quote the file, too: names of other parts, which may be odd themselves.
        return f"{place}found {self.found}, expected {''.join(map(_visible, self.expected))}"


class SpecError(DeployError):
    """The file is not a deployment spec. Its text lists every mistake, one a line, in the order of the file."""

    def __init__(self, mistakes: Iterable[SpecMistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.key, mistake.found)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

    def __reduce__(self) -> tuple[type["SpecError"], tuple[tuple[SpecMistake, ...]]]:
        # An exception is pickled with its message as the only argument, which is not what this one takes.
        return type(self), (self.mistakes,)


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else repr(letter)[1:-1]


def mistake(file: str, flaw: Flaw) -> SpecMistake:
    """The flaw as a mistake in `file`."""
    return SpecMistake(file, flaw.line, dotted(flaw.path), flaw.found, flaw.expected)


def dotted(path: Path) -> str:
    """`services.inference.port`; list positions in brackets, from 0; an unusual key in quotes."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (key if _PLAIN_KEY.fullmatch(key) else shown(key))
    return text
