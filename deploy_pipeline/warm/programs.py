"""The web server and the daemon, forked from the warm server: most of their memory is its memory."""

import importlib
import os
import socket
import sys
from typing import Any, Final

from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.wire import send, told_to_go

PROGRAMS: Final = {"webserver": ("dagster_webserver.cli", "main"), "daemon": ("deploy_pipeline.warm.daemon", "main")}
"""Name -> the module, and the function in it that reads the command line."""


def known(request: dict[str, Any]) -> bool:
    """Whether a request is for one of the programs."""
    argv = request.get("argv")
    if request.get("program") not in PROGRAMS or not isinstance(request.get("log"), str):
        return False
    return isinstance(argv, list) and all(isinstance(argument, str) for argument in argv)


def run_program(connection: socket.socket, request: dict[str, Any]) -> int:
    """In the forked process: what the program does, once it is told to go."""
    name = request["program"]
    send(connection, {"worker": Worker.here(name).text()})
    if not told_to_go(connection):
        return 0
    connection.close()
    write_to(request["log"])
    module, function = PROGRAMS[name]
    sys.argv = [name, *request["argv"]]
    getattr(importlib.import_module(module), function)()
    return 0


def write_to(log: str) -> None:
    """Append this process's output to a file."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
