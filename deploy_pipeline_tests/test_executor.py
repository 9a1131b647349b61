"""The thread executor against Dagster's own: the same jobs, the same events for every step, the same values."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import ComputeLogsCaptureData

from deploy_pipeline.executor import TIMEOUT_TAG
from deploy_pipeline.run_events import one_connection
from deploy_pipeline_tests.executor_jobs import CROWD, GRAPHS

JOBS = "deploy_pipeline_tests.executor_jobs"
ABOUT_THE_PROCESS = {"ENGINE_EVENT", "LOGS_CAPTURED"}
QUIET = {"telemetry": {"enabled": False}, "python_logs": {"python_log_level": "INFO"}}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=QUIET) as made:
        yield made


def job_of(*arguments: str) -> Any:
    """The job that `executor_jobs.rebuilt` makes, in this process and in every other."""
    return dg.build_reconstructable_job(JOBS, "rebuilt", reconstructable_args=arguments)  # type: ignore[arg-type]


def run(instance: dg.DagsterInstance, graph: str, executor: str = "thread", **config: Any) -> dg.JobExecutionResult:
    """A run of a graph to its end."""
    job = job_of(graph, executor, json.dumps(config))
    with dg.execute_job(job, instance=instance, tags={"test": graph}) as result:
        return result


def story(result: dg.JobExecutionResult) -> dict[str | None, list[str]]:
    """What happened in each step, and in the run as a whole."""
    found = defaultdict(list)
    for event in result.all_events:
        if event.event_type_value not in ABOUT_THE_PROCESS:
            found[event.step_key].append(event.event_type_value)
    return dict(found)


@pytest.mark.parametrize("graph", GRAPHS)
def test_threads_give_the_events_of_the_executor_in_one_process(instance: dg.DagsterInstance, graph: str) -> None:
    ours, theirs = run(instance, graph), run(instance, graph, "in process")
    assert story(ours) == story(theirs)
    assert ours.success == theirs.success


def test_ready_steps_run_at_the_same_time(instance: dg.DagsterInstance) -> None:
    assert run(instance, "meeting").success


@pytest.mark.parametrize(
    ("graph", "config", "most"),
    [
        ("crowd", {"max_concurrent": 2}, 2),
        ("tagged_crowd", {"tag_concurrency_limits": [{"key": "kind", "value": "narrow", "limit": 2}]}, 2),
        ("tagged_crowd", {"tag_concurrency_limits": [{"key": "kind", "limit": 2}]}, 2),
        ("pooled_crowd", {}, 1),
    ],
)
def test_limits_are_kept(instance: dg.DagsterInstance, graph: str, config: dict[str, Any], most: int) -> None:
    instance.event_log_storage.set_concurrency_slots("narrow", 1)
    CROWD.most = 0
    assert run(instance, graph, **config).success
    assert 1 <= CROWD.most <= most


def test_a_step_that_is_too_slow_is_interrupted_and_tried_again(instance: dg.DagsterInstance) -> None:
    result = run(instance, "slow")
    assert not result.success
    happened = story(result)
    assert "STEP_UP_FOR_RETRY" in happened["too_slow"]
    assert "STEP_SUCCESS" in happened["too_slow"]
    assert "STEP_SUCCESS" in happened["doubled"]
    failure = result.failure_data_for_node("never_ends")
    assert failure is not None
    assert f"within the time of its tag {TIMEOUT_TAG}" in str(failure.error)


def logs(instance: dg.DagsterInstance, result: dg.JobExecutionResult) -> dict[str, tuple[str, str]]:
    """Step -> what the UI shows as its stdout and stderr."""
    found = {}
    for event in result.all_events:
        if event.event_type_value == "LOGS_CAPTURED":
            captured = event.event_specific_data
            assert isinstance(captured, ComputeLogsCaptureData)
            key = [result.run_id, "compute_logs", captured.file_key]
            manager = instance.compute_log_manager
            assert manager.is_capture_complete(key)
            shown = manager.get_log_data(key)
            (step,) = captured.step_keys
            found[step] = ((shown.stdout or b"").decode(), (shown.stderr or b"").decode())
    return found


def test_each_step_that_writes_has_its_own_log(instance: dg.DagsterInstance) -> None:
    found = logs(instance, run(instance, "printing"))
    assert {step: output for step, (output, _) in found.items()} == {
        "prints": "to the output of the first\n",
        "prints_too": "to the output of the second\n",
    }
    assert {step: errors for step, (_, errors) in found.items()} == {
        "prints": "to the errors of the first\n",
        "prints_too": "",
    }


def test_output_is_nobodys_after_the_run(instance: dg.DagsterInstance) -> None:
    before = sys.stdout, sys.stderr
    run(instance, "printing")
    assert (sys.stdout, sys.stderr) == before


def test_a_store_that_fails_ends_the_run(instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Dagster itself cannot do in a step's thread is raised in the run's, and the other steps are stopped."""
    store = instance.event_log_storage.store_event

    def fails(event: dg.EventLogEntry) -> None:
        if event.dagster_event and event.dagster_event.event_type_value == "STEP_SUCCESS":
            raise OSError("the disk is full")
        store(event)

    monkeypatch.setattr(instance.event_log_storage, "store_event", fails)
    result = run(instance, "chain")
    assert not result.success
    assert "PIPELINE_FAILURE" in story(result)[None]


def test_events_are_written_after_one_was_interrupted(instance: dg.DagsterInstance) -> None:
    result = run(instance, "writing")
    assert "STEP_SUCCESS" in story(result)["writes_after"]
    assert [entry for entry in instance.all_logs(result.run_id) if entry.user_message == "after that"]
    assert not result.success


def test_others_see_the_events_of_a_run_and_add_to_them(instance: dg.DagsterInstance) -> None:
    with one_connection(instance, "a run"), dg.DagsterInstance.from_ref(instance.get_ref()) as other:
        for number, each in enumerate((instance, other, instance)):
            each.report_engine_event(f"event {number}", run_id="a run", job_name="a job")
            seen = [[entry.get_dagster_event().message for entry in by.all_logs("a run")] for by in (instance, other)]
            assert seen == [[f"event {before}" for before in range(number + 1)]] * 2


def test_a_run_ends_whose_last_steps_can_never_begin(instance: dg.DagsterInstance) -> None:
    result = run(instance, "below_no_fan_out")
    assert not result.success
    assert [event.step_key for event in result.get_step_failure_events()] == ["broken"]
    assert "Steps failed: ['broken']" in (result.all_events[-1].message or "")


def test_the_first_error_is_raised_when_asked_for(instance: dg.DagsterInstance) -> None:
    job = job_of("half_fails", "thread", "{}")
    with pytest.raises(ValueError, match="cannot use 1"), dg.execute_job(job, instance=instance, raise_on_error=True):
        pass
