"""Runs in workers that a real warm server forks, and what happens when something of it is killed."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from logging import getLogger
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._daemon.monitoring import execute_run_monitoring_iteration
from dagster._serdes import serialize_value

from deploy_pipeline.warm.client import start_worker
from deploy_pipeline.warm.code_server import serving as code_server_at
from deploy_pipeline.warm.identity import Worker, started_at
from deploy_pipeline.warm.wire import SOCKET, NotWarm, connect, receive, send
from deploy_pipeline_tests.warm.service import SECONDS, Service, serving, start, until

COLD = "Starting the run cold"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One server for the tests that leave it as it was."""
    with serving(tmp_path_factory.mktemp("warm")) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Service]:
    """A server that the test may kill, or give other code."""
    with serving(tmp_path) as running:
        yield running


def holding(service: Service, folder: Path) -> str:
    """A run whose op has begun; it ends when `folder/end` is there."""
    run_id = service.launch("holds", folder=str(folder))
    until((folder / "begun").exists, lambda: f"{service.messages(run_id)} {service.log}")
    return run_id


def monitored(service: Service) -> None:
    """One look of Dagster's run monitoring."""
    list(execute_run_monitoring_iteration(service.workspace, getLogger("test")))


def opened_by(pid: int) -> set[str]:
    """What a process has open."""
    return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}


def cold(service: Service, run_id: str) -> bool:
    return any(COLD in message for message in service.messages(run_id))


def test_a_worker_is_a_child_of_the_server_and_inherits_no_thread_and_no_connection(
    service: Service, tmp_path: Path
) -> None:
    facts = service.looked(service.launch("looks", file=str(tmp_path / "facts")), tmp_path / "facts")
    assert facts["parent"] == service.process.pid
    assert facts["session"] == facts["pid"]
    assert facts["name"] == "run-worker"
    assert facts["variable"] == "of the server"
    assert facts["blocked"] == []
    assert facts["threads"] == ["MainThread"]
    assert facts["tasks"] == 1
    inherited = set(facts["opened"].values()) & opened_by(service.process.pid)
    assert inherited <= {"/dev/null", str(service.home / "warm.log")}


def test_the_socket_is_for_its_owner_only(service: Service) -> None:
    assert (service.home / SOCKET).stat().st_mode & 0o777 == 0o600


def test_terminate_interrupts_the_run_from_a_process_that_did_not_launch_it(service: Service, tmp_path: Path) -> None:
    run_id = holding(service, tmp_path)
    with dg.DagsterInstance.from_config(str(service.home)) as other:
        assert other.run_launcher.terminate(run_id)
        assert service.ended(run_id) == "CANCELED"
        assert (tmp_path / "cleaned").exists()
        assert not other.run_launcher.terminate(run_id)


def test_a_run_whose_worker_is_killed_fails_at_once(service: Service, tmp_path: Path) -> None:
    run_id = holding(service, tmp_path)
    os.kill(service.worker(run_id).pid, signal.SIGKILL)
    assert service.ended(run_id) == "FAILURE"
    assert "The run's worker was ended by SIGKILL before the run had ended" in service.messages(run_id)


def test_a_run_goes_on_when_the_server_is_killed_and_the_next_one_starts_cold(own: Service, tmp_path: Path) -> None:
    run_id = holding(own, tmp_path)
    own.kill()
    (tmp_path / "end").touch()
    assert own.ended(run_id) == "SUCCESS"

    after = own.launch("looks", file=str(tmp_path / "facts"))
    assert own.looked(after, tmp_path / "facts")["name"] != "run-worker"
    assert cold(own, after)


def test_terminate_works_when_the_server_is_gone(own: Service, tmp_path: Path) -> None:
    run_id = holding(own, tmp_path)
    own.kill()
    assert own.instance.run_launcher.terminate(run_id)
    assert own.ended(run_id) == "CANCELED"


def test_run_monitoring_ends_a_run_of_which_nothing_is_left(own: Service, tmp_path: Path) -> None:
    run_id = holding(own, tmp_path)
    worker = own.worker(run_id)
    monitored(own)
    assert own.run(run_id).status is dg.DagsterRunStatus.STARTED
    own.kill()
    os.kill(worker.pid, signal.SIGKILL)
    until(lambda: not worker.alive, lambda: "the worker lives")

    monitored(own)

    assert own.run(run_id).status is dg.DagsterRunStatus.FAILURE


def test_a_cold_run_is_interrupted_and_monitored_too(own: Service, tmp_path: Path) -> None:
    own.kill()
    first = holding(own, tmp_path)
    assert cold(own, first)
    health = own.instance.run_launcher.check_run_worker_health
    assert health(own.run(first)).status is WorkerStatus.RUNNING
    assert own.instance.run_launcher.terminate(first)
    assert own.ended(first) == "CANCELED"
    until(lambda: health(own.run(first)).status is WorkerStatus.NOT_FOUND, lambda: "it counts as living")


def test_a_server_that_is_started_again_serves(own: Service, tmp_path: Path) -> None:
    left = code_server_at(own.home)
    own.kill()
    own.process = start(own.home, own.code.parent)
    until(lambda: own.log.count("warm server: serves") == 2, lambda: own.log)
    until(lambda: code_server_at(own.home) not in (None, left), lambda: own.log)  # the one of before is replaced
    facts = own.looked(own.launch("looks", file=str(tmp_path / "facts")), tmp_path / "facts")
    assert facts["parent"] == own.process.pid


def test_code_that_changes_is_loaded_before_the_next_run_and_runs_that_are_going_stay(
    own: Service, tmp_path: Path
) -> None:
    going = holding(own, tmp_path)
    own.write("'second'")
    facts = own.looked(own.launch("looks", file=str(tmp_path / "facts")), tmp_path / "facts")
    assert (facts["word"], facts["parent"]) == ("second", own.process.pid)
    os.kill(own.worker(going).pid, signal.SIGKILL)
    assert own.ended(going) == "FAILURE"  # the server is a new program, and still knows its children


def test_code_that_cannot_be_loaded_is_not_served_until_it_is_corrected(own: Service, tmp_path: Path) -> None:
    own.write("1 / 0")
    until(lambda: "refuses runs: loading tinycode.jobs failed" in own.log, lambda: own.log)
    run = own.create("looks", file=str(tmp_path / "facts"))
    reference = serialize_value(own.instance.get_ref())
    with pytest.raises(NotWarm, match=r"refuses: loading tinycode\.jobs failed: division by zero"):
        start_worker(own.home, run.run_id, reference, lambda worker: None)
    own.write("'third'")
    facts = own.looked(own.launch("looks", file=str(tmp_path / "facts")), tmp_path / "facts")
    assert facts["word"] == "third"


def test_two_launches_at_once(service: Service, tmp_path: Path) -> None:
    files = [tmp_path / f"facts-{number}" for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        runs = list(pool.map(lambda file: service.launch("looks", file=str(file)), files))
    pids = {service.looked(run, file)["pid"] for run, file in zip(runs, files, strict=True)}
    assert len(pids) == len(files)
    assert not any(cold(service, run) for run in runs)


def test_nothing_runs_before_the_launcher_says_go(service: Service, tmp_path: Path) -> None:
    run = service.create("looks", file=str(tmp_path / "facts"))
    reference = serialize_value(service.instance.get_ref())
    workers: list[Worker] = []

    def fails(worker: Worker) -> None:
        workers.append(worker)
        raise RuntimeError("the tag cannot be written")

    with pytest.raises(RuntimeError, match="cannot be written"):
        start_worker(service.home, run.run_id, reference, fails)

    until(lambda: started_at(workers[0].pid) is None, lambda: "the worker waits")
    assert service.run(run.run_id).status is dg.DagsterRunStatus.NOT_STARTED
    assert service.messages(run.run_id) == []


def test_a_run_that_the_instance_does_not_know_is_refused(service: Service) -> None:
    reference = serialize_value(service.instance.get_ref())
    with pytest.raises(NotWarm, match="could not begin: there is no run unknown"):
        start_worker(service.home, "unknown", reference, lambda worker: None)


@pytest.mark.parametrize(
    "said", [b"", b"not json\n", b"[]\n", b"{}\n", b'{"run_id": 1, "instance": 2}\n', b"x" * 99999]
)
def test_a_launcher_that_talks_nonsense_or_nothing_holds_up_nobody(
    service: Service, tmp_path: Path, said: bytes
) -> None:
    with connect(service.home, SECONDS) as stranger:
        assert "version" in receive(stranger, SECONDS)
        with contextlib.suppress(BrokenPipeError):
            stranger.sendall(said)
        facts = service.looked(service.launch("looks", file=str(tmp_path / "facts")), tmp_path / "facts")
    assert facts["parent"] == service.process.pid


def test_a_server_of_another_version_is_not_used(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / SOCKET))
        listener.listen()
        with ThreadPoolExecutor(1) as pool:
            asked = pool.submit(start_worker, tmp_path, "run", "{}", lambda worker: None)
            connection, _ = listener.accept()
            with connection:
                send(connection, {"version": "0/0"})
                with pytest.raises(NotWarm, match="has version 0/0, not"):
                    asked.result()
