"""Running a program. What to run and what its answer means is the caller's; there is never a shell."""

import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.child import Child, Output, start_program
from deploy_pipeline.gateways.clock import Clock

MINIMAL_NAMES = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TMPDIR", "TZ",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
STREAMED_BYTES_KEPT = 256 * 1024
CAPTURED_BYTES_LIMIT = 256 * 1024 * 1024
ERROR_CHARACTERS = 2000
INSTALL = {
    "docker": "install Docker Engine: https://docs.docker.com/engine/install/",
    "git": "install git 2.31 or newer from the system's packages",
    "terraform": "install Terraform 1.10 or newer: https://developer.hashicorp.com/terraform/install",
    "trivy": "install Trivy: https://trivy.dev/latest/getting-started/installation/",
}


@dataclass(frozen=True)
class Completed:
    """A program that ended. `returncode` is negative where a signal ended it; what is not UTF-8 is replaced."""

    argv: tuple[str, ...]
    returncode: int
    stdout: str
    stderr: str


class Process(ABC):
    """Runs a program to its end."""

    @abstractmethod
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
        """Run `argv` and wait for it, whatever its return code.

        `env` is the whole environment; None gives a minimal one. `timeout` and `grace` are seconds. On a time-out or
        a cancellation the program's group gets SIGINT, `grace` to end, then SIGKILL. With `on_line` each line of either
        output is handed over as it comes, and `Completed` keeps only the last part of each; without it, all is kept.
        Raises DeployError for a missing program, a time-out, or more output than can be kept.
        """


def minimal_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What any program may see of `environment`: paths, language, certificate authorities, proxies. No credential."""
    known = {name: environment[name] for name in MINIMAL_NAMES if name in environment}
    return {"PATH": DEFAULT_PATH, **known}


def last_lines(text: str) -> str:
    """The end of a program's output, short enough for an error message."""
    return text.strip()[-ERROR_CHARACTERS:]


class LocalProcess(Process):
    """Runs programs on this machine, each in a session of its own that does not outlive the call."""

    def __init__(self, *, environment: Mapping[str, str], clock: Clock) -> None:
        self._environment = minimal_environment(environment)
        self._clock = clock

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
        kept = CAPTURED_BYTES_LIMIT if on_line is None else STREAMED_BYTES_KEPT
        output, errors = Output(on_line, kept), Output(on_line, kept)
        with _input_file(stdin) as source:
            popen = _started(argv, cwd, self._environment if env is None else env, source)
            with Child(popen, self._clock, output, errors) as child:
                finished = _finished(child, (output, errors), timeout, grace)
        if not finished:
            raise _timed_out(argv[0], timeout, errors.text or output.text)
        if on_line is None and (output.overflowed or errors.overflowed):
            raise DeployError(f"gave more than {CAPTURED_BYTES_LIMIT // 2**20} MiB of output", where=argv[0])
        return Completed(tuple(argv), popen.returncode, output.text, errors.text)


def _finished(child: Child, outputs: tuple[Output, Output], timeout: float, grace: float) -> bool:
    """Whether the program ended in time. When it did not, or when we are cancelled, it is asked to end."""
    try:
        finished = child.pump(timeout)
        if not finished:
            child.interrupt(grace)
    except BaseException:
        for output in outputs:
            output.mute()
        child.interrupt(grace)
        raise
    return finished


def _input_file(text: str | None) -> IO[bytes]:
    """The program's standard input as an unnamed file: empty by default, and never a pipe that could block."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  (the caller closes it)
    file.write((text or "").encode())
    file.seek(0)
    return file


def _started(
    argv: Sequence[str], cwd: Path | None, env: Mapping[str, str], source: IO[bytes]
) -> subprocess.Popen[bytes]:
    if cwd is not None and not cwd.is_dir():
        raise DeployError(f"the folder {cwd} does not exist", where=argv[0], todo="run the step again from its start")
    try:
        return start_program(argv, cwd, env, source)
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        name = Path(argv[0]).name
        todo = INSTALL.get(name, f"install {name}, or correct the path in the settings")
        raise DeployError(f"cannot run {argv[0]}: {error.strerror}", where=name, todo=todo) from error


def _timed_out(program: str, timeout: float, said: str) -> DeployError:
    ending = f"; it last said:\n{last_lines(said)}" if said.strip() else ""
    return DeployError(
        f"did not end within {timeout:g} s and was stopped{ending}",
        where=Path(program).name,
        todo="see what it waited for; raise the time-out if it was working",
    )
