"""The graphs of the engine benchmark as Dagster jobs, `<graph>__<executor>`. A code location of its own."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import dagster as dg

from benchmarks.engine_graph import SECONDS, graph
from deploy_pipeline.executor import thread_executor

GRAPHS = ("deployment", "chain_5", "chain_20", "chain_220", "fan_20", "fan_100", "fan_220", "fan_500")
AT_ONCE = 500
EXECUTORS: Mapping[str, dg.ExecutorDefinition] = {
    "threads": thread_executor.configured({"max_concurrent": 16}, name="threads"),
    "all_at_once": thread_executor.configured({"max_concurrent": AT_ONCE}, name="all_at_once"),
    "multiprocess": dg.multiprocess_executor,
    "in_process": dg.in_process_executor,
}
MEMORY = "peak memory"


@dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def sleeping_step() -> None:
    """Sleep."""
    time.sleep(SECONDS)


@dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def no_op_step() -> None:
    """Do nothing."""


@dg.op(ins={"after": dg.In(dg.Nothing)}, out=dg.Out(dg.Nothing))
def last_step(context: dg.OpExecutionContext) -> None:
    """Say how much memory the run worker has used at most."""
    context.add_output_metadata({MEMORY: peak_kilobytes()})


def peak_kilobytes() -> int:
    """The most resident memory that this process has had so far, in kB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def job_of(name: str, executor: str) -> dg.JobDefinition:
    """One graph for one executor."""
    wanted = graph(name)
    usual = sleeping_step if wanted.seconds else no_op_step

    @dg.job(name=f"{name}__{executor}", executor_def=EXECUTORS[executor])
    def job() -> None:
        done: dict[str, dg.Output[None]] = {}
        for key, needs in wanted.steps.items():
            op = (last_step if key == "last" else usual).alias(key)
            done[key] = op(after=[done[need] for need in needs]) if needs else op()

    return job


def lazily(name: str, executor: str) -> Callable[[], dg.JobDefinition]:
    """A function that makes the job: Dagster wants a plain one."""
    return lambda: job_of(name, executor)


@dg.repository(name="engine")  # type: ignore[arg-type]  # its jobs are made when they are asked for
def engine() -> dict[str, dict[str, Callable[[], dg.JobDefinition]]]:
    """Every graph for every executor; a run worker makes only the job that it runs."""
    return {"jobs": {f"{name}__{executor}": lazily(name, executor) for name in GRAPHS for executor in EXECUTORS}}
