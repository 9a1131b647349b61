"""The loop that watches a divided traffic: when it looks, what it moves, and how it ends."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.analysis.bake import BakePlan, WhenInconclusive
from deploy_pipeline.core.analysis.measurements import MINUTE, Measured, NotMeasured, Window
from deploy_pipeline.core.analysis.policy import AnalysisPolicy
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Said
from deploy_pipeline.core.traffic_shape import shape_of
from deploy_pipeline.rollout.bake import RETRY_SECONDS, Bake, Look
from deploy_pipeline.rollout.ear import Ear
from deploy_pipeline.rollout.evidence import FunctionEvidence, Versions
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_ear import FakeEar
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side

BEGIN = datetime(2026, 1, 15, 12, 0, 20, tzinfo=UTC)
LOST = DeployError("Rate exceeded", where="CloudWatch", retryable=True)
DEAF = Ear()
Read = Callable[[Window], Mapping[str, Measured]]


class World:
    """A bake of one function between versions 1 and 2."""

    def __init__(
        self,
        metrics: FakeMetrics,
        shape: str = "Canary10Percent15Minutes",
        at_most: int = 60,
        when_inconclusive: WhenInconclusive = "hold",
        ear: Ear = DEAF,
    ) -> None:
        self.clock, self.metrics = FakeClock(BEGIN), metrics
        self.moves: list[tuple[datetime, int]] = []
        self.looks: list[Look] = []
        evidence = FunctionEvidence(metrics, {"score": Versions("ml-score", "live", "1", "2")})
        steps = shape_of(shape)
        self.bake = Bake(
            evidence.read, self.move, self.looks.append, self.clock, steps,
            BakePlan(steps.minutes, at_most, when_inconclusive), AnalysisPolicy(), ear,
        )  # fmt: skip

    def move(self, weight: int) -> None:
        self.moves.append((self.clock.now(), weight))


def test_a_healthy_candidate_is_watched_for_the_whole_time_and_promoted() -> None:
    world = World(FakeMetrics({"1": Side(540), "2": Side(60)}))
    end = world.bake.run()
    assert (end.step.action, end.elapsed) == ("promote", 15)
    assert world.moves == [(BEGIN, 10)]
    first = datetime(2026, 1, 15, 12, 1, tzinfo=UTC)  # the first whole minute of divided traffic
    assert world.metrics.windows == [Window(first, first + minute * MINUTE) for minute in range(1, 16)]
    # each minute is looked at when it has been over for one
    assert [look.at for look in world.looks] == [first + (minute + 1) * MINUTE for minute in range(1, 16)]
    assert world.looks[-1] is end


def test_a_linear_shape_moves_more_each_step_and_is_judged_at_its_end() -> None:
    world = World(FakeMetrics({"1": Side(540), "2": Side(300)}), "Linear25PercentEvery5Minutes")
    assert world.bake.run().step.action == "promote"
    assert [weight for _, weight in world.moves] == [25, 50, 75]
    first = datetime(2026, 1, 15, 12, 1, tzinfo=UTC)
    assert [at - first for at, _ in world.moves[1:]] == [timedelta(minutes=5), timedelta(minutes=10)]


def test_a_clearly_bad_candidate_ends_it_at_the_first_look() -> None:
    end = World(FakeMetrics({"1": Side(540), "2": Side(60, 30)})).bake.run()
    assert (end.step.action, end.elapsed) == ("roll_back", 1)
    assert end.step.reason == "score: above 5 %: 50 % (30 of 60), stable 0 % (0 of 540)"


def test_slower_is_rolled_back_at_the_end() -> None:
    end = World(FakeMetrics({"1": Side(540), "2": Side(60, p99=140.0)})).bake.run()
    assert (end.step.action, end.elapsed) == ("roll_back", 15)
    assert "more than 20 % slower: p99 141 ms, stable 101 ms" in end.step.reason


@pytest.mark.parametrize("then", ["hold", "roll_back"])
def test_without_traffic_it_is_extended_and_then_nobody_promotes_it(then: WhenInconclusive) -> None:
    world = World(FakeMetrics({"1": None, "2": None}), at_most=30, when_inconclusive=then)
    end = world.bake.run()
    assert (end.step.action, end.elapsed) == (then, 30)
    assert "no request has reached the candidate" in end.step.reason
    assert {look.step.action for look in world.looks[:-1]} == {"wait"}


def test_four_reads_that_fail_in_a_row_end_it() -> None:
    world = World(FakeMetrics(failures=[LOST] * 4))
    end = world.bake.run()
    assert end.step.action == "roll_back"
    assert end.step.reason.startswith("the metrics could not be read 4 times in a row: CloudWatch: Rate exceeded")
    times = [look.at - world.looks[0].at for look in world.looks]
    assert times == [timedelta(seconds=each * RETRY_SECONDS) for each in range(4)]


def test_reads_that_fail_now_and_then_do_not_end_it() -> None:
    world = World(FakeMetrics({"1": Side(540)}, failures=[LOST, LOST, LOST, None] * 5))
    assert world.bake.run().step.action == "promote"
    failed = [look for look in world.looks if "could not be read" in look.step.reason]
    assert (len(failed), failed[0].measured) == (15, {})


def test_answers_that_cannot_be_true_are_errors() -> None:
    def read(window: Window) -> Mapping[str, Measured]:
        raise NotMeasured("Errors: nan at 12:01 is not a measurement")

    world = World(FakeMetrics())
    world.bake.read = read
    assert world.bake.run().step.reason.endswith("4 times in a row: Errors: nan at 12:01 is not a measurement")


def test_a_move_that_is_refused_ends_it() -> None:
    world = World(FakeMetrics())

    def refused(weight: int) -> None:
        raise DeployError("PreconditionFailedException", where="function ml-score, alias live")

    world.bake.move = refused
    with pytest.raises(DeployError, match="PreconditionFailed"):
        world.bake.run()
    assert world.looks == []


@pytest.mark.parametrize("what", ["promote", "roll_back"])
def test_a_person_ends_it_at_once(what: Said) -> None:
    world = World(FakeMetrics(), ear=FakeEar(what, after=50))
    end = world.bake.run()
    assert (end.step.action, end.step.reason.endswith("by grace: the numbers are fine")) == (what, True)
    assert world.looks[-1] is end
    assert 1 < end.elapsed < 15
    assert end.at - world.looks[-2].at < MINUTE  # not at the next whole minute


def test_a_person_is_heard_while_the_metrics_cannot_be_read() -> None:
    world = World(FakeMetrics(failures=[LOST] * 4))
    world.bake.ear = FakeEar("promote", after=36)
    end = world.bake.run()
    assert (end.step.action, "could not be read" in world.looks[0].step.reason) == ("promote", True)
