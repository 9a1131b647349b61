"""TCP ports of this machine: which are free, and what listens."""

import contextlib
import socket
from collections.abc import Sequence

from deploy_pipeline.core.errors import DeployError

LOOPBACK = "127.0.0.1"
ATTEMPTS = 50


def free_port(addresses: Sequence[str] = (LOOPBACK,), preferred: int | None = None) -> int:
    """A port that is free on every address: the preferred one when it is."""
    if preferred and _is_free(addresses, preferred):
        return preferred
    for _ in range(ATTEMPTS):
        with socket.socket() as probe:
            probe.bind((addresses[0], 0))
            port: int = probe.getsockname()[1]
        if _is_free(addresses, port):
            return port
    raise DeployError(f"no port is free on all of {', '.join(addresses)}", where="sandbox", todo="close some programs")


def is_listening(address: str, port: int, seconds: float = 1) -> bool:
    """Whether something accepts connections there."""
    try:
        socket.create_connection((address, port), timeout=seconds).close()
    except OSError:
        return False
    return True


def is_local(address: str) -> bool:
    """Whether this machine has the address, so that a server can be bound to it."""
    return _is_free([address], 0)


def _is_free(addresses: Sequence[str], port: int) -> bool:
    with contextlib.ExitStack() as held:
        for address in addresses:
            probe = held.enter_context(socket.socket())
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
