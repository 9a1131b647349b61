"""Which cancelled runs are ended because nobody is left who could end them."""

from pathlib import Path

import dagster as dg

from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline.sensors.lost_runs import SAID, end_lost
from deploy_pipeline_tests.fakes.fake_run_launcher import GONE, instance_without_processes

CANCELING, CANCELED = dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED
STARTED = dg.DagsterRunStatus.STARTED


def made(instance: dg.DagsterInstance, status: dg.DagsterRunStatus, *, gone: bool) -> str:
    tags = {GONE: "yes"} if gone else {}
    return instance.create_run_for_job(reconcile_job, tags=tags, status=status).run_id


def test_a_cancelled_run_without_a_process_ends(tmp_path: Path) -> None:
    with instance_without_processes(str(tmp_path)) as instance:
        lost = made(instance, CANCELING, gone=True)
        ending, going_on = made(instance, CANCELING, gone=False), made(instance, STARTED, gone=True)
        over = made(instance, CANCELED, gone=True)
        assert end_lost(instance) == [lost]
        found = [instance.get_run_by_id(run_id) for run_id in (lost, ending, going_on, over)]
        assert [run.status for run in found if run] == [CANCELED, CANCELING, STARTED, CANCELED]
        assert SAID in [entry.dagster_event.message for entry in instance.all_logs(lost) if entry.dagster_event]
        assert end_lost(instance) == []


def test_what_cannot_be_asked_is_left_to_dagster() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        made(instance, CANCELING, gone=True)
        assert end_lost(instance) == []
