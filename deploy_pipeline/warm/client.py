"""Asks the warm server for a run's worker, or for a program of the service."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.wire import HELLO_SECONDS, VERSION, WORKER_SECONDS, NotWarm, connect, receive, send


def start_worker(home: Path, run_id: str, instance: str, keep: Callable[[Worker], None]) -> Worker:
    """Have the run started by the warm server of `home`; `keep` writes down who its worker is before it begins.

    `instance` is the serialized reference of the Dagster instance. Raises NotWarm when nothing was started, and what
    `keep` raises, with nothing started.
    """
    return forked(home, run_id, {"run_id": run_id, "instance": instance}, keep)


def start_program(home: Path, name: str, argv: Sequence[str], log: Path) -> Worker:
    """Have one of `programs.PROGRAMS` started; its output is appended to `log`. Raises NotWarm as above."""
    return forked(home, name, {"program": name, "argv": list(argv), "log": str(log)}, lambda worker: None)


def forked(home: Path, name: str, request: Mapping[str, Any], keep: Callable[[Worker], None]) -> Worker:
    """The process that does what is asked for; it has been told to go. Raises NotWarm when it has not."""
    with connect(home, HELLO_SECONDS) as connection:
        hello = receive(connection, HELLO_SECONDS)
        if "refused" in hello:
            raise NotWarm(f"the warm server refuses: {hello['refused']}")
        if hello.get("version") != VERSION:
            raise NotWarm(f"the warm server has version {hello.get('version')}, not {VERSION}")
        try:
            send(connection, request)
        except OSError as error:
            raise NotWarm(f"the warm server has gone ({error})") from error
        answer = receive(connection, WORKER_SECONDS)
        worker = Worker.from_text(str(answer.get("worker")))
        if worker is None or worker.run_id != name:
            raise NotWarm(f"the warm server's worker could not begin: {answer.get('refused', 'no reason was given')}")
        keep(worker)
        try:
            send(connection, {"go": True})
        except OSError as error:
            raise NotWarm(f"the warm server's worker has gone ({error})") from error
        return worker
