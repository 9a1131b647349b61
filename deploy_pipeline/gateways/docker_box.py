"""A box that is a container: programs run in it beside its idle first process. Making and removing it is not here."""

from collections.abc import Mapping
from datetime import datetime

from docker import APIClient
from docker.errors import APIError

from deploy_pipeline.core.box_container import PLACES
from deploy_pipeline.core.isolation import Ending, Limits, Outcome, Places
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.docker_exec import Ended, Kept, execute
from deploy_pipeline.gateways.egress_proxy import EgressProxy
from deploy_pipeline.gateways.isolation import Box, Listener

READ_SECONDS = 60.0
DIED = Outcome("died", None, "", "", 0.0)
NOT_RUNNING = 409
NOT_FOUND = 404
# Whatever an earlier program left running is ended first: what one program writes, no other may change afterwards.
ALONE = ("sh", "-c", 'kill -9 -1 2>/dev/null; exec "$@"', "sh")
# Runs beside what is left of hostile programs: it follows no link, waits for no writer, and reads up to the limit.
READER = """
import os, stat, sys
path, scratch, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
if os.path.realpath(path) != path or not path.startswith(scratch + "/"):
    sys.exit(1)
file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
if not stat.S_ISREG(os.fstat(file).st_mode):
    sys.exit(1)
left = limit + 1
while left and (data := os.read(file, min(left, 65536))):
    sys.stdout.buffer.write(data)
    left -= len(data)
"""


class DockerBox(Box):
    """A running container. `host` is the engine's address, for messages.

    `variables` are set for every program. What its proxy refused to a program is added to the program's errors: else
    nobody would know why it failed.
    """

    def __init__(
        self,
        client: APIClient,
        container: str,
        host: str,
        name: str,
        limits: Limits,
        clock: Clock,
        proxy: EgressProxy | None = None,
    ) -> None:
        self._client = client
        self._container = container
        self._host = host
        self._where = f"box {name}"
        self._limits = limits
        self._clock = clock
        self._proxy = proxy
        self.variables: Mapping[str, str] = {}
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
        if self._gone:
            return DIED
        limit = self._limits.output_mb * 2**20
        outputs = Kept(limit, on_line), Kept(limit, on_line)
        refused = self._refused()
        started, start = self._clock.now(), self._clock.monotonic()
        with translated(self._where, self._host):
            given = {**self.variables, **(environment or {})}
            ended = self._execute((*ALONE, *argv), outputs, timeout, cwd or PLACES.checkout, given)
            ending = self._ending(ended, started)
            if ending != "finished":
                self._end()
        out, errors = (output.content.decode(errors="replace") for output in outputs)
        for target in self._refused()[len(refused) :]:
            errors += f"\nThe network of this check does not reach {target}\n"
        seconds = self._clock.monotonic() - start
        returncode = ended.returncode if ending == "finished" else None
        return Outcome(ending, returncode, out, errors, seconds, any(output.truncated for output in outputs))

    def read(self, path: str, limit_mb: int = 16) -> bytes | None:
        if self._gone or "\0" in path:
            return None
        limit = limit_mb * 2**20
        content, errors = Kept(limit + 1, None), Kept(0, None)
        argv = ("python3", "-I", "-S", "-c", READER, path, PLACES.scratch, str(limit))
        with translated(self._where, self._host):
            ended = self._execute(argv, (content, errors), READ_SECONDS, PLACES.scratch, {})
            if ended.timed_out:
                self._end()
        return content.content if ended.returncode == 0 and len(content.content) <= limit else None

    def _refused(self) -> list[str]:
        return [] if self._proxy is None else list(self._proxy.refused)

    def _execute(
        self,
        argv: tuple[str, ...],
        outputs: tuple[Kept, Kept],
        timeout: float,
        cwd: str,
        environment: Mapping[str, str],
    ) -> Ended:
        try:
            return execute(
                self._client, self._container, argv, outputs, self._clock,
                timeout=timeout, cwd=cwd, environment=environment,
            )  # fmt: skip
        except APIError as error:
            if error.status_code in {NOT_RUNNING, NOT_FOUND}:
                return Ended(None, False)
            raise

    def _ending(self, ended: Ended, started: datetime) -> Ending:
        if ended.timed_out:
            return "timed_out"
        if ended.returncode == 0:
            return "finished"
        if self._ran_out_of_memory(started):
            return "out_of_memory"
        return "died" if ended.returncode is None or not self._is_running() else "finished"

    def _ran_out_of_memory(self, started: datetime) -> bool:
        # The kernel kills one process of the box, seldom the one that was started: only the engine's events tell.
        events = self._client.events(  # type: ignore[call-overload]  # the stubs know no fractions of a second
            since=str(started.timestamp()),
            until=str(self._clock.now().timestamp()),
            filters={"container": self._container, "event": "oom"},
            decode=True,
        )
        return any(True for _ in events)

    def _is_running(self) -> bool:
        try:
            return bool(self._client.inspect_container(self._container)["State"]["Running"])
        except APIError as error:
            if error.status_code == NOT_FOUND:
                return False
            raise

    def _end(self) -> None:
        """Kill everything in the box. Its removal follows when its context ends."""
        self._gone = True
        try:
            self._client.kill(self._container)
        except APIError as error:
            if error.status_code not in {NOT_RUNNING, NOT_FOUND}:
                raise
