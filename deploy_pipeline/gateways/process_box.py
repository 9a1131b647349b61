"""A box that is only a folder of this machine: programs run in it as the pipeline's own user, without any limits."""

import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.isolation import Ending, Limits, Outcome, Places
from deploy_pipeline.gateways.child import Child, Output, start_program
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_box import DIED
from deploy_pipeline.gateways.isolation import Box, Listener
from deploy_pipeline.gateways.scratch_file import scratch_file

NOT_STARTED = 127


class ProcessBox(Box):
    """Runs programs on this machine. `variables` are their whole environment; once `closed` is set they are ended."""

    def __init__(
        self, places: Places, variables: Mapping[str, str], limits: Limits, clock: Clock, closed: threading.Event
    ) -> None:
        self._places = places
        self._variables = variables
        self._limits = limits
        self._clock = clock
        self._closed = closed
        self._gone = False

    @property
    def places(self) -> Places:
        return self._places

    def run(
        self,
        argv: tuple[str, ...],
        *,
        timeout: float,
        cwd: str | None = None,
        environment: Mapping[str, str] | None = None,
        on_line: Listener | None = None,
    ) -> Outcome:
        if self._gone:
            return DIED
        limit = self._limits.output_mb * 2**20
        output, errors = Output(on_line, limit), Output(on_line, limit)
        start = self._clock.monotonic()
        try:
            variables = {**self._variables, **(environment or {})}
            popen = start_program(argv, cwd or self._places.checkout, variables, subprocess.DEVNULL)
        except OSError as error:
            return Outcome("finished", NOT_STARTED, "", f"{argv[0]}: {error.strerror}", 0.0)
        with Child(popen, self._clock, output, errors) as child:
            self._gone = not child.pump(timeout, self._closed.is_set)
        seconds = self._clock.monotonic() - start
        returncode = None if self._gone else popen.returncode
        ending: Ending = "finished" if not self._gone else "died" if self._closed.is_set() else "timed_out"
        cut = output.overflowed or errors.overflowed
        return Outcome(ending, returncode, output.text, errors.text, seconds, cut)

    def read(self, path: str, limit_mb: int = 16) -> bytes | None:
        return None if self._gone else scratch_file(path, Path(self._places.scratch), limit_mb * 2**20)
