"""A process gateway that runs nothing: a function answers each call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.gateways.process import Completed, Process


@dataclass(frozen=True)
class ProcessCall:
    """One call, with everything that it was given."""

    argv: tuple[str, ...]
    cwd: Path | None
    env: dict[str, str] | None
    timeout: float
    stdin: str | None
    grace: float


Respond = Callable[[ProcessCall], Completed]


def succeed(call: ProcessCall) -> Completed:
    """The answer of a program that ends well and says nothing."""
    return Completed(call.argv, 0, "", "")


class FakeProcess(Process):
    """`respond` gives what each program answers; it may raise, and may write the files that the program would."""

    def __init__(self, respond: Respond = succeed) -> None:
        self._respond = respond
        self.calls: list[ProcessCall] = []

    def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float,
        on_line: Callable[[str], None] | None = None,
        stdin: str | None = None,
        grace: float = 10.0,
    ) -> Completed:
        call = ProcessCall(tuple(argv), cwd, None if env is None else dict(env), timeout, stdin, grace)
        self.calls.append(call)
        completed = self._respond(call)
        if on_line is not None:
            for line in (completed.stdout + completed.stderr).splitlines():
                on_line(line)
        return completed
