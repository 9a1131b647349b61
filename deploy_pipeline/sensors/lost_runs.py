"""Ends runs that a person has cancelled and whose process is gone: killed meanwhile, or with the machine.

Dagster's run monitoring asks only about runs that go on. A cancelled one would keep the place of the next deployment
until `cancel_timeout_seconds` have passed.
"""

import dagster as dg

GONE = "NOT_FOUND"
SAID = "It was being cancelled, and its process is gone."


def end_lost(instance: dg.DagsterInstance) -> list[str]:
    """End them as cancelled; their ids. What they have left behind is settled by the ledger's own means."""
    canceling = instance.get_runs(filters=dg.RunsFilter(statuses=[dg.DagsterRunStatus.CANCELING]))
    gone = [run.run_id for run in canceling if is_gone(instance, run)]
    # Its last word may have been written since it was listed; once it is gone, there is no other one.
    found = [instance.get_run_by_id(run_id) for run_id in gone]
    lost = [run for run in found if run is not None and run.status == dg.DagsterRunStatus.CANCELING]
    for run in lost:
        instance.report_run_canceled(run, SAID)
    return [run.run_id for run in lost]


def is_gone(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the process of a run is known to be gone."""
    launcher = instance.run_launcher
    return launcher.supports_check_run_worker_health and launcher.check_run_worker_health(run).status.value == GONE
