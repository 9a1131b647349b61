"""How a run ends whose worker has ended without a word."""

import os
import signal
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.test_utils import create_run_for_test
from dagster._serdes import serialize_value

from deploy_pipeline.warm import fork as forking
from deploy_pipeline.warm.identity import Worker
from deploy_pipeline.warm.run_worker import report_death
from deploy_pipeline.warm.worker_tag import WORKER_TAG

PID = 4711
STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING
FAILURE, CANCELED = dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED


@pytest.mark.parametrize(("status", "tagged", "after"), [
    (STARTED, PID, FAILURE),
    (CANCELING, PID, CANCELED),  # a person has ended it: it is not begun again
    (STARTED, PID + 1, STARTED),  # another worker has it
    (STARTED, None, STARTED),  # the worker was never told to go: it is started cold
    (CANCELED, PID, CANCELED),
])  # fmt: skip
def test_a_run_ends_as_it_was_to_end(
    tmp_path: Path, status: dg.DagsterRunStatus, tagged: int | None, after: dg.DagsterRunStatus
) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = create_run_for_test(instance, status=status)
        if tagged is not None:
            worker = Worker(run.run_id, tagged, 1, "this boot")
            instance.add_run_tags(run.run_id, {WORKER_TAG: worker.text()})
        report_death(run.run_id, serialize_value(instance.get_ref()), PID, -signal.SIGKILL)
        found = instance.get_run_by_id(run.run_id)
        assert found is not None
        assert found.status == after


def test_a_server_that_cannot_fork_still_hears_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", full)
    with pytest.raises(BlockingIOError):
        forking.fork(lambda: 0, "worker")
    assert not forking.SIGNALS & signal.pthread_sigmask(signal.SIG_BLOCK, ())
