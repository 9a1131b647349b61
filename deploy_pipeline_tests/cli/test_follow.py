"""Following a run through answers, silence and errors."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import dagster as dg
import pytest

from deploy_pipeline.cli.dagster_api import DagsterApi, StepEvent
from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.cli.follow import ENDED, TOLD_OF_RUN, RunStory, follow
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_clock import FakeClock

SILENCE = DeployError("no answer", retryable=True)
BUG = DeployError("unknown field")
BEGIN, END = StepEvent("STEP_START", "build", 10.0, ""), StepEvent("STEP_SUCCESS", "build", 12.5, "")


@dataclass(frozen=True)
class ScriptedApi(DagsterApi):
    """Gives one answer for each poll: a status with events, or an error in either of its two questions."""

    script: Iterator[tuple[str | DeployError, list[StepEvent] | DeployError]] = field(default_factory=lambda: iter(()))
    current: list[list[StepEvent] | DeployError] = field(default_factory=list)

    def status(self, run_id: str) -> str:
        status, events = next(self.script)
        self.current[:] = [events]
        if isinstance(status, DeployError):
            raise status
        return status

    def events(self, run_id: str, after: str | None) -> tuple[list[StepEvent], str | None]:
        events = self.current[0]
        if isinstance(events, DeployError):
            raise events
        return events, "cursor"


def followed(*script: tuple[str | DeployError, list[StepEvent] | DeployError]) -> tuple[RunStory, list[str]]:
    said: list[str] = []
    story = follow(ScriptedApi("http://ui", iter(script)), "r1", said.append, 60, clock=FakeClock())
    return story, said


def test_follow_asks_again_when_there_was_no_answer() -> None:
    story, said = followed(
        ("STARTED", [BEGIN]), (SILENCE, []), ("SUCCESS", SILENCE), ("SUCCESS", [END]),
    )  # fmt: skip
    assert said == ["▶ build", "✓ build (2.5 s)"]
    assert (story.status, story.durations) == ("SUCCESS", {"build": 2.5})


def test_follow_ends_at_its_deadline_when_nothing_answers() -> None:
    with pytest.raises(DeployError, match="did not end within 60 s"):
        followed(*[(SILENCE, [])] * 100)


def test_follow_does_not_ask_again_after_an_error_that_stays() -> None:
    with pytest.raises(DeployError, match="unknown field"):
        followed((BUG, []), ("SUCCESS", []))


def test_follow_does_not_wait_for_a_web_server_that_has_ended() -> None:
    api = ScriptedApi("http://ui", iter([(SILENCE, [])]))
    with pytest.raises(DeployError, match="webserver ended"):
        follow(api, "r1", print, 60, clock=FakeClock(), ended=lambda: "dagster webserver ended with 1")


def test_wait_for_asks_again_when_there_was_no_answer() -> None:
    answers: Iterator[str | DeployError] = iter([SILENCE, "run"])

    def ask() -> str:
        answer = next(answers)
        if isinstance(answer, DeployError):
            raise answer
        return answer

    assert wait_for(ask, 60, "no run", FakeClock()) == "run"


def test_the_names_are_dagsters() -> None:
    assert {dg.DagsterEventType[name].name for name in TOLD_OF_RUN} == TOLD_OF_RUN
    assert {dg.DagsterRunStatus[name].name for name in ENDED} == ENDED


@pytest.mark.parametrize("kind", sorted(TOLD_OF_RUN))
def test_tell_of_a_run_that_did_not_succeed(kind: str) -> None:
    assert RunStory("r1").tell(StepEvent(kind, "", 0.0, "it ended")) == "  it ended"


@pytest.mark.parametrize(
    ("step", "expected"),
    [("roll_out_functions", "  minute 3"), ("deploy_service[inference]", "  minute 3"), ("build_image[one]", None)],
)
def test_what_a_step_says_while_it_watches_traffic_is_shown(step: str, expected: str | None) -> None:
    assert RunStory("r1").tell(StepEvent("LogMessageEvent", step, 0.0, "minute 3")) == expected
