"""Boxes that run nothing: each program's outcome is given beforehand, and every call is kept."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Outcome, Places
from deploy_pipeline.gateways.isolation import Box, Isolation, Listener

PLACES = Places(
    checkout="/checkout",
    base="/base",
    scratch="/scratch",
    bin="/opt/tools/bin",
    python="/environment/bin/python",
    providers="/providers",
)


@dataclass(frozen=True)
class BoxCall:
    """One program that was run in a box, with everything that it was given."""

    setup: BoxSetup
    argv: tuple[str, ...]
    timeout: float
    cwd: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def program(self) -> str:
        """The program's name, without its folder."""
        return PurePosixPath(self.argv[0]).name


LEFT_BY_TOOLS = {"/scratch/mypy.xml": b'<testsuite name="mypy" tests="1"></testsuite>'}
"""What tools that came to their end leave behind, whatever they found."""

Answer = Outcome | Callable[[BoxCall], Outcome]


def finished(stdout: str = "", *, returncode: int = 0, stderr: str = "", seconds: float = 1.0) -> Outcome:
    """The outcome of a program that ended by itself."""
    return Outcome("finished", returncode, stdout, stderr, seconds)


class FakeBox(Box):
    """A box of `FakeIsolation`."""

    def __init__(self, isolation: "FakeIsolation", setup: BoxSetup) -> None:
        self._isolation = isolation
        self._setup = setup
        self._gone = False

    @property
    def places(self) -> Places:
        return PLACES

    def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        cwd: str | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Listener | None = None,
    ) -> Outcome:
        call = BoxCall(self._setup, argv, timeout, cwd, dict(environment or {}))
        self._isolation.calls.append(call)
        if self._gone or self._isolation.closed:
            return Outcome("died", None, "", "", 0.0)
        outcome = self._isolation.answer(call)
        self._gone = outcome.ending != "finished"
        if on_line is not None:
            for line in (outcome.stdout + outcome.stderr).splitlines():
                on_line(line)
        return outcome

    def read(self, path: str, limit_mb: int = 16) -> bytes | None:
        content = None if self._gone else self._isolation.files.get(path)
        return None if content is None or len(content) > limit_mb * 2**20 else content


class FakeIsolation(Isolation):
    """`outcomes` answers by program name (or "" for every other); a callable sees the call, and may raise or put files.

    `files` are what `Box.read` finds beside `LEFT_BY_TOOLS`, by path; an answer may change them. `environment` is what
    `prepare_environment` gives, an exception is raised. `calls` holds every program run, `boxes` every box that was
    opened, `open` the names of those that did not end, `closed` whether no box may begin any more, `tools` and
    `environments` the arguments of each preparation.
    """

    def __init__(
        self,
        outcomes: Mapping[str, Answer] | Callable[[BoxCall], Outcome] | None = None,
        files: Mapping[str, bytes] | None = None,
        *,
        environment: str | Exception = "environment",
        gives_up: str = "",
    ) -> None:
        given = {} if outcomes is None else outcomes
        self._outcomes: Mapping[str, Answer] = given if isinstance(given, Mapping) else {"": given}
        self.files = {**LEFT_BY_TOOLS, **(files or {})}
        self._environment = environment
        self._gives_up = gives_up
        self.calls: list[BoxCall] = []
        self.boxes: list[BoxSetup] = []
        self.open: list[str] = []
        self.closed = False
        self.tools: list[Mapping[str, str]] = []
        self.environments: list[tuple[str, tuple[str, ...], Mapping[str, str]]] = []

    def answer(self, call: BoxCall) -> Outcome:
        """What the program of this call comes to; it ends well and says nothing where nobody said otherwise."""
        given = self._outcomes.get(call.program, self._outcomes.get("", finished()))
        return given(call) if callable(given) else given

    def prepare_tools(self, tools: Mapping[str, str], on_line: Listener) -> str:
        self.tools.append(dict(tools))
        return "tools"

    def prepare_environment(
        self, tools: str, packages: tuple[str, ...], requirements: Mapping[str, str], on_line: Listener
    ) -> str:
        self.environments.append((tools, packages, dict(requirements)))
        if isinstance(self._environment, Exception):
            raise self._environment
        return self._environment

    def box(self, setup: BoxSetup) -> AbstractContextManager[Box]:
        return self._box(setup)

    @contextmanager
    def _box(self, setup: BoxSetup) -> Iterator[Box]:
        if self.closed:
            raise DeployError("no box begins any more: everything is being stopped", where=f"box {setup.name}")
        self.boxes.append(setup)
        self.open.append(setup.name)
        try:
            yield FakeBox(self, setup)
        finally:
            self.open.remove(setup.name)

    def close(self) -> None:
        self.closed = True

    def gives_up(self) -> str:
        return self._gives_up
