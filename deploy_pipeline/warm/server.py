"""The warm server: one thread that has everything loaded, and forks a worker for each run that it is asked for."""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from deploy_pipeline.warm.code_server import CodeServer
from deploy_pipeline.warm.code_state import CodeWatch
from deploy_pipeline.warm.fork import fork
from deploy_pipeline.warm.identity import RUN_WORKER
from deploy_pipeline.warm.programs import known, run_program
from deploy_pipeline.warm.run_worker import execute, report_death
from deploy_pipeline.warm.state import Job, Kept
from deploy_pipeline.warm.wire import VERSION, NotWarm, receive, same_user, send

TICK_SECONDS = 1.0
REQUEST_SECONDS = 2.0
TASKS = Path("/proc/self/task")


@dataclass
class WarmServer:
    """Serves the launchers of one instance.

    `refusal` says why no worker can be forked here, if so. `restart` replaces this process by one with new code.
    """

    listener: socket.socket
    code: CodeWatch
    refusal: str
    jobs: dict[int, Job]
    code_server: CodeServer | None
    restart: Callable[[Kept], None]
    say: Callable[[str], None]
    stopping: bool = False
    _woken: tuple[int, int] = field(default_factory=lambda: os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC))

    def serve(self) -> None:
        """Answer until SIGTERM or SIGINT. Runs that are going go on."""
        self._listen_to_signals()
        while not self.stopping:
            ready, _, _ = select.select([self.listener.fileno(), self._woken[0]], [], [], TICK_SECONDS)
            self._reap()
            if self.code_server is not None:
                self.code_server.mend(self._fork)
            asked = self.listener.fileno() in ready
            if self.code.outdated(asked):  # who waits at the listener is served by the new code
                code_server = self.code_server.pid if self.code_server is not None else None
                self.restart(Kept(self.listener.fileno(), self.jobs, code_server))
            elif asked:
                self._accept()

    def _listen_to_signals(self) -> None:
        def stop(number: int, frame: object) -> None:
            self.stopping = True

        signal.set_wakeup_fd(self._woken[1], warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            try:
                self._answer(connection)
            except (NotWarm, OSError) as error:
                self.say(f"a launcher was not served: {error}")

    def _answer(self, connection: socket.socket) -> None:
        if not same_user(connection):
            self.say("a process of another user was turned away")
            return
        if why := self.refusal or threads():
            send(connection, {"refused": why})
            return
        send(connection, {"version": VERSION})
        request = receive(connection, REQUEST_SECONDS)
        if known(request):
            self._fork(partial(run_program, connection, request), request["program"])
            return
        if not isinstance(request.get("run_id"), str) or not isinstance(request.get("instance"), str):
            raise NotWarm("it asked for nothing that there is")
        pid = self._fork(lambda: execute(connection, request), RUN_WORKER)
        self.jobs[pid] = Job(request["run_id"], request["instance"])

    def _fork(self, work: Callable[[], int], name: str) -> int:
        def alone() -> int:
            self.listener.close()
            for descriptor in self._woken:
                os.close(descriptor)
            return work()

        return fork(alone, name)

    def _reap(self) -> None:
        """Collect children that have ended, and fail the runs of those that did not end in order."""
        drain(self._woken[0])
        while (ended := ended_child()) is not None:
            pid, status = ended
            job = self.jobs.pop(pid, None)
            if job is not None and status != 0:
                self.say(f"the worker {pid} of run {job.run_id} ended with {status}")
                self._fork(partial(report_death, job.run_id, job.instance, pid, status), "run-report")
            elif self.code_server is not None and self.code_server.pid == pid:
                self.code_server.ended(status)
            elif status != 0:
                self.say(f"the process {pid} ended with {status}")


def threads() -> str:
    """Why this process must not be forked: its threads would be missing in the child, and their locks held."""
    count = sum(1 for _ in TASKS.iterdir())
    return "" if count == 1 else f"{count} threads run in it"


def ended_child() -> tuple[int, int] | None:
    """A child that has ended, and how (exit code, or -signal); None when there is none."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def drain(descriptor: int) -> None:
    """Read away what signals have written."""
    with contextlib.suppress(BlockingIOError):
        os.read(descriptor, 4096)
