"""The executor of every job: steps that are ready run in threads of the run worker, so that none outlives it.

It touches Dagster's private modules (checked with 1.13.27), as does `run_events`, which only it uses, as it does
`step_thread` and `thread_streams`. To go back to an executor of Dagster's, name that one in `jobs/execution.py` and
remove these files.
"""

import os
import queue
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

import dagster as dg
from dagster._core import errors as dagster_errors
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.compute_logs import create_compute_log_file_key
from dagster._core.execution.context.system import (
    PlanExecutionContext,
    PlanOrchestrationContext,
    StepExecutionContext,
)
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan import utils as dagster_utils
from dagster._core.execution.plan.active import ActiveExecution
from dagster._core.execution.plan.execute_plan import _trigger_hook, dagster_event_sequence_for_step
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode, get_retries_config
from dagster._core.execution.tags import get_tag_concurrency_limits_config
from dagster._core.executor.base import Executor
from dagster._core.storage.compute_log_manager import CapturedLogContext, ComputeIOType
from dagster._utils.interrupts import pop_captured_interrupt

from deploy_pipeline.run_events import one_connection
from deploy_pipeline.step_thread import StepThread, current_step_thread, step_threads
from deploy_pipeline.thread_streams import LateFiles, ThreadStream, thread_streams

if TYPE_CHECKING:
    from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager

TIMEOUT_TAG: Final = "deploy-pipeline/timeout-seconds"
"""The tag of an op that says after how many seconds its step is interrupted, and fails."""
POLL_SECONDS = 0.1
COMPLETE = "complete"
"""The local log manager's own word for the file that says that a log has ended."""


class StepTimedOut(DagsterExecutionInterruptedError):
    """A step has not ended within the seconds of its op's tag. No `except Exception` hides it."""

    def __init__(self) -> None:
        super().__init__(f"the step did not end within the time of its tag {TIMEOUT_TAG} and was interrupted")


class ThreadExecutor(Executor):
    """Runs ready steps in threads: at most `max_concurrent`, and at most so many of a tag as `tag_limits` say.

    A cancelled run interrupts its steps, and waits `grace` seconds for what they have to clean up.
    """

    def __init__(self, retries: RetryMode, max_concurrent: int, tag_limits: list[dict[str, Any]], grace: float) -> None:
        self._retries = retries
        self._max_concurrent = max_concurrent
        self._tag_limits = tag_limits
        self._grace = grace

    @property
    def retries(self) -> RetryMode:
        return self._retries

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Run the plan's steps; the events in the order in which they were written."""
        process = EngineEventData.in_process(os.getpid(), execution_plan.step_keys_to_execute)
        yield DagsterEvent.engine_event(plan_context, f"Executing steps in threads (pid: {os.getpid()})", process)
        contexts = PlanExecutionContextManager(
            job=plan_context.job,
            retry_mode=plan_context.retry_mode,
            execution_plan=plan_context.execution_plan,
            run_config=plan_context.run_config,
            dagster_run=plan_context.dagster_run,
            instance=plan_context.instance,
            raise_on_error=plan_context.raise_on_error,
            output_capture=plan_context.output_capture,
            step_dependency_config=self.step_dependency_config,
        )
        yield from iter(ExecuteRunWithPlanIterable(execution_plan, self._steps, contexts))
        yield DagsterEvent.engine_event(plan_context, f"Finished steps in threads (pid: {os.getpid()})", process)

    def _steps(self, job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        with (
            one_connection(job_context.instance, job_context.run_id),
            InstanceConcurrencyContext(job_context.instance, job_context.dagster_run) as pools,
            ActiveExecution(
                execution_plan,
                retry_mode=job_context.retry_mode,
                max_concurrent=self._max_concurrent,
                tag_concurrency_limits=self._tag_limits,
                instance_concurrency_context=pools,
                step_dependency_config=job_context.step_dependency_config,
            ) as active,
            _logs_of(job_context) as logs,
            step_threads(),
        ):
            yield from logs.begin(execution_plan)
            yield from _Steps(job_context, active, logs, self._grace).events()


@dataclass
class _Steps:
    """The steps of one run: which are running, and what they say."""

    context: PlanExecutionContext
    active: ActiveExecution
    logs: "_RunLogs | _StepLogs"
    grace: float
    threads: dict[str, StepThread] = field(default_factory=dict)
    deadlines: dict[str, float] = field(default_factory=dict)
    again: dict[str, DagsterEvent] = field(default_factory=dict)
    # No SimpleQueue: a signal that arrives as its time-out ends makes its get() wait for ever (CPython 3.11).
    said: "queue.Queue[tuple[str, DagsterEvent | BaseException | None]]" = field(default_factory=queue.Queue)
    error: BaseException | None = None
    give_up_at: float = 0.0

    def events(self) -> Iterator[DagsterEvent]:
        """Run every step. Raises what a step raised, DagsterExecutionInterruptedError when the run is cancelled."""
        try:
            changed = True
            while self.threads or not (self.error or self.active.is_complete):
                if not self.error and self.active.check_for_interrupts():
                    yield from self._interrupted()
                if changed and not self.error:
                    yield from self._started()
                changed = yield from self._heard()
                yield from self.active.plan_events_iterator(self.context) if changed else ()
                if self._stalled():
                    yield from self._abandoned()
                if self.error and time.monotonic() > self.give_up_at:
                    yield from self._left_behind()
        finally:  # whatever happened here, and whoever stopped listening
            self._stop()
            until = time.monotonic() + self.grace  # for all of them together
            for thread in self.threads.values():
                thread.join(max(0.0, until - time.monotonic()))
            pop_captured_interrupt()  # one more would keep the run's resources from being given back
        if self.error:
            raise self.error

    def _stalled(self) -> bool:
        """Whether what is left can never begin: Dagster waits for ever for a step below a fan-out that is not made."""
        waiting = self.active._executable or self.active._waiting_to_retry  # for a pool, or for its time
        return not (self.threads or waiting or self.active.is_complete)

    def _abandoned(self) -> Iterator[DagsterEvent]:
        """What is left will not be executed: the run ends with the failure above it."""
        self.active._pending_abandon.extend(self.active._pending)
        self.active._pending.clear()
        yield from self.active.plan_events_iterator(self.context)
        if not self.active._failed:
            raise dg.DagsterInvariantViolationError("steps were left that could never begin, although none has failed")

    def _started(self) -> Iterator[DagsterEvent]:
        for step in self.active.get_steps_to_execute():
            # The set of what is ready goes on growing while the step looks at it.
            state = self.active.get_known_state()
            state = state._replace(ready_outputs=set(state.ready_outputs))
            context = self.context.for_step(step, state)
            if not isinstance(context, StepExecutionContext):
                raise dg.DagsterInvariantViolationError(f"step {step.key} has no context to run in")
            self._start(context)
        yield from self.active.concurrency_event_iterator(self.context)

    def _start(self, context: StepExecutionContext) -> None:
        key = context.step.key
        if TIMEOUT_TAG in context.step.tags:
            self.deadlines[key] = time.monotonic() + float(context.step.tags[TIMEOUT_TAG])
        self.threads[key] = StepThread(key, lambda: self._run(context))
        self.threads[key].start()

    def _run(self, context: StepExecutionContext) -> None:
        """In the step's thread: the step, and its hooks."""
        key = context.step.key
        events = []
        try:
            with self.logs.of_step(context, lambda event: self.said.put((key, event))):
                with suppress(StepTimedOut):  # told already, as the step's failure
                    for event in dagster_event_sequence_for_step(context):
                        events.append(event)
                        self.said.put((key, event))
                for event in _trigger_hook(context, events):
                    self.said.put((key, event))
        except BaseException as error:  # noqa: BLE001  (handed to the run's thread, which raises it)
            self.said.put((key, error))
        finally:
            self.said.put((key, None))

    def _heard(self) -> Generator[DagsterEvent, None, bool]:
        """Wait for what a step says next. Returns whether a step may have become ready."""
        self._check_deadlines()
        try:
            key, what = self.said.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return True
        if isinstance(what, DagsterEvent):
            yield what
            if what.is_step_up_for_retry:
                self.again[key] = what  # not before this attempt's thread is over
            else:
                self.active.handle_event(what)
            return False
        if what is not None:
            self._failed(what)
            return False
        self.threads.pop(key).join(self.grace)
        self.deadlines.pop(key, None)
        if key in self.again:
            self.active.handle_event(self.again.pop(key))
        self.active.verify_complete(self.context, key)
        return True

    def _check_deadlines(self) -> None:
        now = time.monotonic()
        for key in [key for key, at in self.deadlines.items() if at <= now]:
            del self.deadlines[key]
            self.threads[key].interrupt(StepTimedOut)
        for thread in self.threads.values():
            thread.repeat()

    def _interrupted(self) -> Iterator[DagsterEvent]:
        """The run is cancelled, or its worker told to end: nothing new is started."""
        keys = list(self.threads)
        said = f"Interrupting the steps that are running; they have {self.grace:g} s to clean up"
        yield DagsterEvent.engine_event(self.context, said, EngineEventData.interrupted(keys))
        self.active.mark_interrupted()
        self._failed(DagsterExecutionInterruptedError("the run was interrupted"))

    def _failed(self, error: BaseException) -> None:
        """End the run with `error`, unless it ends with another one already."""
        if self.error is None:
            self.error = error
            self.give_up_at = time.monotonic() + self.grace
            self._stop()

    def _stop(self) -> None:
        for thread in self.threads.values():
            thread.interrupt(DagsterExecutionInterruptedError)

    def _left_behind(self) -> Iterator[DagsterEvent]:
        """What did not end in its time: it ends with this process, and so do the programs that it started."""
        keys = ", ".join(sorted(self.threads))
        self.threads.clear()
        yield DagsterEvent.engine_event(
            self.context, f"Not waiting any longer for {keys}: ended with the run's process", EngineEventData()
        )


@dataclass(frozen=True)
class _StepLogs:
    """Each step's output in files of its own, as the UI shows them; none for a step that writes nothing."""

    context: PlanExecutionContext
    manager: "LocalComputeLogManager"
    streams: tuple[ThreadStream, ThreadStream]

    def begin(self, plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Nothing is captured for the run as a whole."""
        yield from ()

    @contextmanager
    def of_step(self, step: StepExecutionContext, say: Callable[[DagsterEvent], None]) -> Iterator[None]:
        """Within this, what the calling thread writes is in the step's log."""
        with ExitStack() as closing:
            late = LateFiles(lambda: self._opened(step, say, closing))
            output, errors = self.streams
            with output.copied_to(late.file(0)), errors.copied_to(late.file(1)):
                yield

    def _opened(
        self, step: StepExecutionContext, say: Callable[[DagsterEvent], None], closing: ExitStack
    ) -> Sequence[IO[str]]:
        """The step writes for the first time: its files, which the run's log names from now on."""
        own = current_step_thread()
        with own.held_back() if own else nullcontext():
            key = _new_log_key(self.context)
            closing.callback(Path(self.manager.get_captured_local_path(key, COMPLETE)).touch)
            kinds = (ComputeIOType.STDOUT, ComputeIOType.STDERR)
            files = [closing.enter_context(self.manager.open_log_stream(key, kind)) for kind in kinds]
            say(DagsterEvent.capture_logs(self.context, [step.step.key], list(key), CapturedLogContext(key)))
        return [file for file in files if file is not None]


@dataclass(frozen=True)
class _RunLogs:
    """One log for all steps, where the log manager can only capture a whole process."""

    context: PlanExecutionContext
    key: Sequence[str]
    captured: CapturedLogContext

    def begin(self, plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Say that all steps have one log."""
        keys = [step.key for step in plan.get_steps_to_execute_in_topo_order()]
        yield DagsterEvent.capture_logs(self.context, keys, self.key, self.captured)

    def of_step(self, step: StepExecutionContext, say: Callable[[DagsterEvent], None]) -> AbstractContextManager[None]:
        """Captured already."""
        return nullcontext()


@contextmanager
def _logs_of(context: PlanExecutionContext) -> Iterator[_StepLogs | _RunLogs]:
    # Loaded here: whoever only looks at the definitions keeps no logs.
    from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager  # noqa: PLC0415

    manager = context.instance.compute_log_manager
    if isinstance(manager, LocalComputeLogManager):
        with thread_streams() as streams:
            yield _StepLogs(context, manager, streams)
        return
    key = _new_log_key(context)
    with manager.capture_logs(key) as captured:
        yield _RunLogs(context, key, captured)


def _new_log_key(context: PlanExecutionContext) -> Sequence[str]:
    return context.instance.compute_log_manager.build_log_key_for_run(
        context.run_id,
        create_compute_log_file_key(),  # type: ignore[no-untyped-call]
    )


@contextmanager
def _interruptible_step() -> Iterator[None]:
    """What Dagster puts around the code of an op: in a step's thread no signal can arrive."""
    thread = current_step_thread()
    with _SIGNALS() if thread is None else thread.interruptible():
        yield


_SIGNALS = dagster_errors.raise_execution_interrupts
dagster_errors.raise_execution_interrupts = _interruptible_step
dagster_utils.raise_execution_interrupts = _interruptible_step  # type: ignore[attr-defined]


@dg.executor(
    name="thread",
    config_schema={
        "max_concurrent": dg.Field(int, default_value=8, description="Steps that run at the same time."),
        "tag_concurrency_limits": get_tag_concurrency_limits_config(),  # type: ignore[no-untyped-call]
        "retries": get_retries_config(),  # type: ignore[no-untyped-call]
        "grace_seconds": dg.Field(float, default_value=420.0, description="For the clean-up of a cancelled run."),
    },
)
def thread_executor(context: dg.InitExecutorContext) -> ThreadExecutor:
    """Runs ready steps in threads of the run worker."""
    config: Mapping[str, Any] = context.executor_config
    return ThreadExecutor(
        RetryMode.from_config(config["retries"]) or RetryMode.ENABLED,
        config["max_concurrent"],
        config.get("tag_concurrency_limits") or [],
        config["grace_seconds"],
    )
