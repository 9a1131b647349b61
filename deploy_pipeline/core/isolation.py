"""How untrusted code is run: the values that describe a box, what it may use, and how a program in it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["finished", "timed_out", "out_of_memory", "died"]
"""How a program ended: `died` when the box went away below it (it was killed, or its engine stopped)."""


@dataclass(frozen=True)
class Limits:
    """What a box may use. `scratch_mb` is all that it can write; `output_mb` is kept of each of its two outputs."""

    memory_mb: int = 4096
    cpus: float = 2.0
    processes: int = 512
    scratch_mb: int = 1024
    output_mb: int = 16


@dataclass(frozen=True)
class Places:
    """Where things are for a program in the box. Absolute paths, without a slash at the end.

    `checkout` is the head's tree, `base` the merge base's (when mounted), `scratch` the one folder that can be written
    and is empty at first, `bin` the folder of the tools' programs, `python` the interpreter of the environment with the
    repository's own dependencies, `providers` the mirror of Terraform providers (when mounted).
    """

    checkout: str
    base: str
    scratch: str
    bin: str
    python: str
    providers: str

    def program(self, name: str) -> str:
        """The path of a tool's program."""
        return f"{self.bin}/{name}"


@dataclass(frozen=True)
class BoxSetup:
    """What a box is made of.

    `tools` and `environment` are the handles that `Isolation.prepare_tools` and `prepare_environment` gave ("": none).
    `checkout`, `base`, `providers` are folders on this machine, mounted read-only ("": not mounted). `programs` are
    programs of this machine (name -> absolute path) that appear in `Places.bin`. `hosts` are what the box may reach,
    as `host:port` (a leading `*.` matches subdomains); empty: no network at all. `redirects` are further addresses
    `host:port` that exist only in the box and lead to a `host:port` of this machine: an emulator of AWS.
    """

    name: str
    checkout: str
    tools: str = ""
    environment: str = ""
    base: str = ""
    providers: str = ""
    programs: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    redirects: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()


@dataclass(frozen=True)
class Outcome:
    """A program that ended in a box. `returncode` is None unless it finished. Output is cut at its limit.

    `stdout` and `stderr` are text of untrusted code: never follow paths or links in it.
    """

    ending: Ending
    returncode: int | None
    stdout: str
    stderr: str
    seconds: float
    truncated: bool = False

    @property
    def output(self) -> str:
        """Both outputs, the errors first."""
        return "\n".join(part for part in (self.stderr.strip(), self.stdout.strip()) if part)


@dataclass(frozen=True)
class Prepared:
    """What was made ready for the boxes of one run: handles of `Isolation`, "" for none.

    `problem` says why there is no environment: the pull request's requirements cannot be installed.
    """

    tools: str = ""
    environment: str = ""
    problem: str = ""
