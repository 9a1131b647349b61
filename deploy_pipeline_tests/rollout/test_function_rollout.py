"""A rollout of functions over fakes: all of them, or none, whatever happens on the way."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from deploy_pipeline.core.analysis.measurements import Window
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Said
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import RolloutSpec
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.rollout.bake import Look
from deploy_pipeline.rollout.function_rollout import FunctionRollout
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_ear import FakeEar
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side

OLD, NEW = "1", "2"
NAMES = ("prepare", "score", "explain")


class Refusing(FakeFunctions):
    """Refuses to send all traffic of one function to its new version."""

    refused = ""

    def move_alias(self, function_name: str, alias: str, *, version: str, revision_id: str) -> AliasState:
        if (function_name, version) == (self.refused, NEW):
            raise DeployError("ServiceException", where=f"function {function_name}")
        return super().move_alias(function_name, alias, version=version, revision_id=revision_id)


class World:
    """Three functions between versions 1 and 2; `prepare` gets no traffic by which it could be judged."""

    def __init__(self) -> None:
        aliases = {(f"ml-{name}", "live"): AliasState(OLD, "r", {}) for name in NAMES}
        self.functions = Refusing({f"ml-{name}": ("old", "new") for name in NAMES}, aliases)
        self.metrics, self.looks = FakeMetrics({OLD: Side(540), NEW: Side(60)}), list[Look]()
        self.asked: list[str] = []
        self.said: list[str] = []
        self.ear = FakeEar()
        self.targets = [
            PublishedFunction(name, f"ml-{name}", "live", NEW, OLD, "r", "hash", canary=name != "prepare")
            for name in NAMES
        ]

    def ask(self, reason: str) -> None:
        self.asked.append(reason)

    def run(self, *, compared: bool = True, **analysis: object) -> None:
        spec = RolloutSpec.model_validate({"analysis": analysis})
        rollout = FunctionRollout(
            self.functions, self.metrics, FakeClock(), self.looks.append, self.said.append, self.ask, self.ear
        )
        rollout.run(spec, self.targets, compared=compared)

    @property
    def serving(self) -> dict[str, tuple[str, dict[str, float]]]:
        return {name: (state.version, state.routing) for (name, _), state in self.functions.aliases.items()}


def all_on(version: str) -> dict[str, tuple[str, dict[str, float]]]:
    return {f"ml-{name}": (version, {}) for name in NAMES}


def test_all_are_promoted_and_those_without_traffic_with_them() -> None:
    world, during = World(), list[dict[str, tuple[str, dict[str, float]]]]()
    world.metrics = FakeMetrics({OLD: Side(540), NEW: Side(60)}, looked=lambda window: during.append(world.serving))
    world.run()
    assert world.serving == all_on(NEW)
    assert during.pop(0) == all_on(OLD)  # a look at the traffic so far
    assert during[0] == {"ml-prepare": (OLD, {}), "ml-score": (OLD, {NEW: 0.1}), "ml-explain": (OLD, {NEW: 0.1})}
    assert len(during) == 15
    assert set(world.looks[-1].measured) == {"score", "explain"}
    assert world.said[0].startswith("score: at 60 requests/min, 10 % of them to the candidate, a 15 min bake detects")


def test_one_that_is_worse_returns_all() -> None:
    world = World()
    world.metrics.sides["ml-explain", NEW] = Side(60, 30)
    with pytest.raises(DeployError) as raised:
        world.run()
    assert world.serving == all_on(OLD)
    assert raised.value.what.startswith("not promoted: explain: above 5 %: 50 % (30 of 60)")
    assert raised.value.what.endswith("The old versions serve all of the traffic again")


def test_a_promotion_that_fails_in_the_middle_returns_all() -> None:
    world = World()
    world.functions.refused = "ml-score"
    with pytest.raises(DeployError, match="ServiceException"):
        world.run()
    assert world.serving == all_on(OLD)
    assert ("ml-prepare", "live", NEW) in world.functions.moved


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_whatever_ends_it_returns_the_traffic(stop: type[BaseException]) -> None:
    world = World()

    def looked(window: Window) -> None:
        if len(world.looks) == 3:
            raise stop

    world.metrics = FakeMetrics({OLD: Side(540), NEW: Side(60)}, looked=looked)
    with pytest.raises(stop):
        world.run()
    assert world.serving == all_on(OLD)


def moved_by_somebody(functions: FakeFunctions) -> None:
    functions.aliases["ml-score", "live"] = AliasState("9", "theirs", {})


def test_what_somebody_else_has_set_is_left_and_told() -> None:
    world = World()
    world.metrics = FakeMetrics(looked=lambda window: moved_by_somebody(world.functions))
    with pytest.raises(DeployError) as raised:
        world.run()
    assert world.serving["ml-score"] == ("9", {})
    assert world.serving["ml-prepare"] == world.serving["ml-explain"] == (OLD, {})
    assert "Not returned: ml-score:live serves 9, which somebody else has set: left as it is" in raised.value.what


def test_an_answer_that_was_lost_does_not_keep_the_traffic_from_returning() -> None:
    """The change happened, and nobody knows its revision."""
    world = World()
    divide = world.functions.split_alias

    def lost(function_name: str, alias: str, **to: object) -> AliasState:
        divide(function_name, alias, **to)  # type: ignore[arg-type]
        raise DeployError("the connection was lost", where=function_name)

    world.functions.split_alias = lost  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="connection was lost"):
        world.run()
    assert world.serving == all_on(OLD)


@pytest.mark.parametrize(("decision", "version"), [("promote", NEW), ("roll_back", OLD)])
def test_where_nothing_can_be_said_a_person_decides(decision: Said, version: str) -> None:
    world = World()
    world.ear = FakeEar(at_the_end=decision)
    world.metrics = FakeMetrics({OLD: None, NEW: None})
    if decision == "roll_back":
        with pytest.raises(DeployError, match="no request has reached the candidate"):
            world.run()
    else:
        world.run()
    assert world.serving == all_on(version)
    assert "still inconclusive after 60 min" in world.asked[0]


def test_where_nobody_says_anything_it_goes_back() -> None:
    world = World()
    world.metrics = FakeMetrics({OLD: None, NEW: None})
    with pytest.raises(DeployError, match="no request has reached the candidate"):
        world.run()
    assert (world.serving, world.ear.states) == (all_on(OLD), ["open", "closed"])


def test_a_person_promotes_all_before_the_end() -> None:
    world = World()
    world.ear = FakeEar("promote", after=40)
    world.run()
    assert (world.serving, world.asked) == (all_on(NEW), [])
    assert 0 < len(world.looks) < 15


@pytest.mark.parametrize("ear", [FakeEar("roll_back", after=40), FakeEar(at_the_end="roll_back")])
def test_a_person_returns_all_before_the_end_and_until_it(ear: FakeEar) -> None:
    world = World()
    world.ear = ear
    with pytest.raises(DeployError, match="roll-back, by grace: the numbers are fine"):
        world.run()
    assert world.serving == all_on(OLD)


def test_what_is_seen_to_be_bad_goes_back_whatever_is_said_at_that_moment() -> None:
    world = World()
    world.ear = FakeEar(at_the_end="promote")
    world.metrics.sides["ml-explain", NEW] = Side(60, 30)
    with pytest.raises(DeployError, match=r"above 5 %: .*\(promote, by grace: "):
        world.run()
    assert world.serving == all_on(OLD)


def test_whatever_ends_it_nobody_is_heard_any_more() -> None:
    world = World()
    world.metrics = FakeMetrics(looked=lambda window: moved_by_somebody(world.functions))
    with pytest.raises(DeployError):
        world.run()
    assert world.ear.states[-1] in ("closed", "shut")


def test_or_the_spec_does() -> None:
    world = World()
    world.metrics = FakeMetrics({OLD: None, NEW: None})
    with pytest.raises(DeployError, match="still inconclusive after 30 min"):
        world.run(when_inconclusive="roll_back", extend_to_minutes=30)
    assert (world.serving, world.asked) == (all_on(OLD), [])


def at_once(world: World) -> None:
    world.targets = [replace(each, canary=False) for each in world.targets]


def before_the_first_release(world: World) -> None:
    pass


@pytest.mark.parametrize(("prepare", "compared"), [(at_once, True), (before_the_first_release, False)])
def test_without_anything_to_judge_by_they_move_at_once(prepare: Callable[[World], None], compared: bool) -> None:
    world = World()
    prepare(world)
    world.run(compared=compared)
    assert (world.serving, world.looks) == (all_on(NEW), [])
