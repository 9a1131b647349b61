"""Follows one run until it ends and prints what happens, a line for each step that starts, ends or fails."""

from collections.abc import Callable
from dataclasses import dataclass, field

from deploy_pipeline.cli.dagster_api import DagsterApi, StepEvent
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock, SystemClock

POLL_SECONDS = 1.0
SUCCESS = "SUCCESS"
ENDED = frozenset({SUCCESS, "FAILURE", "CANCELED"})
WATCHED = frozenset({"deploy_service", "roll_out_functions"})
"""Steps that take as long as their bake: what they say meanwhile is shown."""
SAID = "LogMessageEvent"
TOLD_OF_RUN = frozenset({"RUN_FAILURE", "RUN_CANCELED"})  # Dagster's event types


@dataclass
class RunStory:
    """What is known of a run so far. `durations` is step -> seconds; `failures` is step -> message."""

    run_id: str
    status: str = "QUEUED"
    started: dict[str, float] = field(default_factory=dict)
    durations: dict[str, float] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def tell(self, event: StepEvent) -> str | None:
        """Take an event in; the line to show for it, if it is worth one."""
        if event.kind == "STEP_START":
            self.started[event.step] = event.seconds
            return f"▶ {event.step}"
        if event.kind in {"STEP_SUCCESS", "STEP_FAILURE"}:
            seconds = event.seconds - self.started.get(event.step, event.seconds)
            self.durations[event.step] = round(seconds, 2)
            if event.kind == "STEP_SUCCESS":
                return f"✓ {event.step} ({seconds:.1f} s)"
            self.failures[event.step] = event.message
            return f"✗ {event.step} ({seconds:.1f} s)\n{event.message}"
        if event.kind == SAID and event.step.split("[")[0] in WATCHED:
            return f"  {event.message}"
        return f"  {event.message}" if event.kind in TOLD_OF_RUN else None


def follow(
    api: DagsterApi,
    run_id: str,
    show: Callable[[str], None],
    seconds: float,
    *,
    clock: Clock | None = None,
    ended: Callable[[], str | None] = lambda: None,
) -> RunStory:
    """Show the run's steps as they go; return when it has ended, raise `DeployError` when it takes too long.

    A question that gets no answer is asked again, unless `ended` knows why there will be none.
    """
    clock, story, cursor = clock or SystemClock(), RunStory(run_id), None
    deadline = clock.monotonic() + seconds
    while story.status not in ENDED:
        if clock.monotonic() > deadline:
            raise DeployError(f"the run did not end within {seconds:.0f} s", where=f"{api.url}/runs/{run_id}")
        clock.sleep(POLL_SECONDS)
        found = ask(api, run_id, cursor)
        if found is None:
            if why := ended():
                raise DeployError(why)
            continue
        status, events, cursor = found
        story.status = status  # only with its events: the last ones come after the run has ended
        for event in events:
            line = story.tell(event)
            if line is not None:
                show(line)
    return story


def ask(api: DagsterApi, run_id: str, cursor: str | None) -> tuple[str, list[StepEvent], str | None] | None:
    """The run's status, its events since the cursor, and the next cursor; None when nothing answers now."""
    try:
        status = api.status(run_id)
        return status, *api.events(run_id, cursor)
    except DeployError as error:
        if not error.retryable:
            raise
        return None
