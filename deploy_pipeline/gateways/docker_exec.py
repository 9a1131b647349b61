"""One program in a running container: its two outputs, its time-out and its return code. Why it ended is not judged."""

import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from docker import APIClient
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from deploy_pipeline.core.box_container import USER
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.interruptions import awaited, begin

CHUNK = 64 * 1024
CHUNKS_WAITING = 64
HEADER = 8
STDERR = 2
LINE_CHARACTERS = 2000
POLL_SECONDS = 0.5
ENGINE_SECONDS = 60.0


class Kept:
    """One output: its first `limit` bytes, and their lines for whoever listens. What comes later is dropped."""

    def __init__(self, limit: int, on_line: Callable[[str], None] | None) -> None:
        self._free = limit
        self._on_line = on_line
        self._chunks: list[bytes] = []
        self._unfinished = b""
        self.truncated = False

    def feed(self, data: bytes) -> None:
        """Take what was read."""
        kept = data[: self._free]
        self.truncated = self.truncated or len(kept) < len(data)
        self._free -= len(kept)
        if not kept:
            return
        self._chunks.append(kept)
        if self._on_line is not None:
            *lines, rest = (self._unfinished + kept).split(b"\n")
            self._unfinished = rest[: LINE_CHARACTERS * 4 + 1]
            self._say(lines)

    def end(self) -> None:
        """Hand over a last line without an end."""
        if self._unfinished:
            self._say([self._unfinished])
        self._unfinished = b""

    def _say(self, lines: list[bytes]) -> None:
        for line in lines:
            text = line.decode(errors="replace").rstrip("\r")
            if self._on_line is not None:
                self._on_line(text if len(text) <= LINE_CHARACTERS else text[:LINE_CHARACTERS] + "…")

    @property
    def content(self) -> bytes:
        """What was kept."""
        return b"".join(self._chunks)


@dataclass(frozen=True)
class Ended:
    """How an execution ended. `returncode` is None where it did not end by itself within its time."""

    returncode: int | None
    timed_out: bool


def execute(
    client: APIClient,
    container: str,
    argv: tuple[str, ...],
    outputs: tuple[Kept, Kept],
    clock: Clock,
    *,
    timeout: float,
    cwd: str,
    environment: Mapping[str, str],
) -> Ended:
    """Run `argv` in the container. After `timeout` seconds it is left to the caller, who has to kill the container.

    Raises the SDK's errors.
    """
    created = client.exec_create(container, list(argv), user=USER, workdir=cwd, environment=dict(environment))
    execution = str(created["Id"])
    deadline = clock.monotonic() + timeout
    # Not the SDK's `exec_start`: it reads past the HTTP client's buffer, and can lose the first output.
    url = f"{client.base_url}/v{client.api_version}/exec/{execution}/start"
    # A read that takes longer than the program may is the engine's fault: the program is over by then.
    body = {"Detach": False, "Tty": False}
    response = awaited(partial(client.post, url, json=body, stream=True, timeout=timeout + ENGINE_SECONDS))
    response.raise_for_status()
    timed_out = not _pumped(response, outputs, lambda: deadline - clock.monotonic())
    for output in outputs:
        output.end()
    if timed_out:
        return Ended(None, True)
    state = client.exec_inspect(execution)
    return Ended(None if state["Running"] else state["ExitCode"], False)


def _pumped(response: Response, outputs: tuple[Kept, Kept], left: Callable[[], float]) -> bool:
    """Hand over the outputs until they end. False when the time was over before that."""
    chunks: queue.Queue[bytes] = queue.Queue(CHUNKS_WAITING)
    abandoned = threading.Event()
    begin(threading.Thread(target=_read, args=(response, chunks, abandoned), daemon=True))
    frames = _Frames(outputs)
    try:
        while (seconds := left()) > 0:
            with suppress(queue.Empty):
                chunk = chunks.get(timeout=min(seconds, POLL_SECONDS))
                if not chunk:
                    return True
                frames.feed(chunk)
        return False
    finally:
        abandoned.set()


def _read(response: Response, chunks: "queue.Queue[bytes]", abandoned: threading.Event) -> None:
    """Read to the end, which comes at the latest when the container is killed; an empty chunk says so."""
    for chunk in _chunks(response):
        while not abandoned.is_set():
            with suppress(queue.Full):
                chunks.put(chunk, timeout=POLL_SECONDS)
                break
        if abandoned.is_set():
            break
    response.close()


def _chunks(response: Response) -> Iterator[bytes]:
    with suppress(HTTPError, RequestException, OSError, ValueError, AttributeError):
        while chunk := response.raw.read1(CHUNK):
            yield chunk
    yield b""


class _Frames:
    """Takes apart the engine's stream: a header of eight bytes (which output, how long), then as much of it."""

    def __init__(self, outputs: tuple[Kept, Kept]) -> None:
        self._outputs = outputs
        self._header = b""
        self._left = 0

    def feed(self, data: bytes) -> None:
        """Take the next part of the stream, cut anywhere."""
        while data:
            if not self._left:
                missing = HEADER - len(self._header)
                self._header, data = self._header + data[:missing], data[missing:]
                if len(self._header) < HEADER:
                    return
                self._left = int.from_bytes(self._header[4:])
            part, data = data[: self._left], data[self._left :]
            self._left -= len(part)
            self._outputs[1 if self._header[0] == STDERR else 0].feed(part)
            if not self._left:
                self._header = b""
