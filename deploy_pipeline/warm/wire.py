"""What the launcher and the warm server say to each other: lines of JSON over a UNIX socket in DAGSTER_HOME.

    server: {"version": ...} or {"refused": why}
    launcher: {"run_id": ..., "instance": ...}, or {"program": ..., "argv": ..., "log": ...}
    worker (forked by the server): {"worker": ...}, once it has opened the instance and found the run
    launcher: {"go": true}

Nothing runs before "go": a launcher that has not said it may start the run in another way.
"""

import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg

SOCKET = "warm.sock"
VERSION = f"1/{dg.__version__}"
LONGEST = 1 << 16
HELLO_SECONDS = 30.0
"""A server whose code has changed loads it anew first."""
WORKER_SECONDS = 20.0
GO_SECONDS = 60.0


class NotWarm(Exception):
    """No run worker can be had from the warm server; the text says why."""


@contextmanager
def reachable(folder: Path, name: str = SOCKET) -> Iterator[str]:
    """A path of a socket in `folder` that is short enough for the kernel, whatever the folder's path is."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{name}"
    finally:
        os.close(descriptor)


def listen(folder: Path) -> socket.socket:
    """The server's end, for the owner only. What an earlier server left there is replaced."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with reachable(folder) as path:
        (folder / SOCKET).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(path)
        finally:
            os.umask(before)
    listener.listen(16)
    return listener


def connect(folder: Path, seconds: float) -> socket.socket:
    """The launcher's end. Raises NotWarm when nobody listens."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        with reachable(folder) as path:
            connection.connect(path)
    except OSError as error:
        connection.close()
        raise NotWarm(f"no warm server answers ({error.strerror or error})") from error
    return connection


def send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message."""
    connection.sendall(json.dumps(message).encode() + b"\n")


def receive(connection: socket.socket, seconds: float) -> dict[str, Any]:
    """The next message. Raises NotWarm when there is none within `seconds`, or it is not one."""
    connection.settimeout(seconds)
    line = bytearray()
    try:
        while not line.endswith(b"\n"):
            piece = connection.recv(LONGEST)
            line += piece
            if not piece or len(line) > LONGEST:
                raise NotWarm("the other side of the warm server's socket has hung up")
        message = json.loads(line)
    except TimeoutError as error:
        raise NotWarm(f"the warm server did not answer within {seconds:g} s") from error
    except (OSError, ValueError) as error:
        raise NotWarm(f"the warm server's answer cannot be read ({error})") from error
    if not isinstance(message, dict):
        raise NotWarm("the warm server's answer is not an object")
    return message


def told_to_go(connection: socket.socket) -> bool:
    """Whether the launcher wants this worker. One that has hung up has started the run in another way."""
    try:
        return receive(connection, GO_SECONDS).get("go") is True
    except NotWarm:
        return False


def same_user(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to our user."""
    return peer(connection)[1] == os.getuid()


def peer(connection: socket.socket) -> tuple[int, int]:
    """The pid and the user of the process at the other end; for a client, of the one that listens."""
    pid, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    )
    return int(pid), int(user)
