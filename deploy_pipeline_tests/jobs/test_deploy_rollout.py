"""A deployment over fakes whose function gets a canary: what is judged, what is shown, and what a bad one leaves."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core.analysis.measurements import Window
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Said, deployment_id
from deploy_pipeline.core.release import Release
from deploy_pipeline.gateways.functions import AliasState, Invocation, PublishedVersion
from deploy_pipeline.gateways.metrics import Alarm
from deploy_pipeline.gateways.services import ServiceState
from deploy_pipeline.jobs.decide_rollout import decide_rollout_job
from deploy_pipeline.ledger.ear import LedgerEar
from deploy_pipeline.ops.decide import say_word
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side
from deploy_pipeline_tests.fakes.fake_services import Look
from deploy_pipeline_tests.jobs.deploy_world import NEW, OLD, OTHER, OUTPUTS, PINNED, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import (
    Twice,
    a_changed_function,
    a_service_of_the_next_image,
    outputs_of,
)
from deploy_pipeline_tests.samples import SHA, a_commit

ALIAS = ("ml-data-prep", "live")
ROLL_OUT = "roll_out_functions"


@pytest.fixture
def world(tmp_path: Path) -> Twice:
    """The first commit is live, and the second changes the function: version 3 beside version 2."""
    made = Twice(tmp_path)
    assert made.deploy().success
    a_changed_function(made)
    return made


def observed(result: dg.ExecuteInProcessResult) -> list[str]:
    """What each look at the metrics said, in the run's UI."""
    events = result.filter_events(lambda event: event.event_type_value == "ASSET_OBSERVATION")
    found = [event.asset_observation_data.asset_observation for event in events]
    return [str(each.metadata["now"].value) for each in found if each.asset_key.path[-1] == "rollout"]


def test_the_first_release_has_nothing_to_be_compared_with(tmp_path: Path) -> None:
    world = Twice(tmp_path)
    result = world.deploy()
    assert result.success
    assert (world.metrics.windows, observed(result)) == ([], [])
    assert world.functions.moved == [("ml-data-prep", "live", "2")]


def test_functions_do_not_move_beside_services_that_were_returned_since_they_moved(tmp_path: Path) -> None:
    """As in a run that goes on from a failure: what the first one had moved was returned when it ended."""
    world = Twice(tmp_path)
    publish = world.functions.publish

    def meanwhile(*args: Any, **kwargs: Any) -> PublishedVersion:
        world.services._looks["ml", "ml-inference"] = [Look(ServiceState(OLD, 1, 1, 0, "COMPLETED", ""))]
        return publish(*args, **kwargs)

    world.functions.publish = meanwhile  # type: ignore[method-assign]
    failures = failed_steps(world.deploy())
    assert f"ml-inference runs {OLD}, not {NEW}" in failures[ROLL_OUT]
    assert world.functions.moved == []


def test_a_healthy_version_is_watched_and_promoted(world: Twice) -> None:
    result = world.again()
    assert result.success, failed_steps(result)
    assert world.functions.aliases[ALIAS].version == "3"
    looks = observed(result)
    assert len(looks) == 15
    assert looks[0].startswith(
        "minute 1, 10 % on the candidate: data_prep 0 % (0 of 60), stable 0 % (0 of 60). 1 of 15"
    )
    said = outputs_of(result)[ROLL_OUT]
    assert said["plot"].startswith("![error rates](data:image/svg+xml;base64,")
    assert "| data_prep | candidate | 10 % | 900 | 0 % |" in said["rollout"]
    assert "waited for bake" in said
    live = world.ledger.live()
    assert live is not None
    assert (live.functions[0].version, live.functions[0].previous_version) == ("3", "2")


def releases(world: Twice, *results: dg.ExecuteInProcessResult) -> list[Release]:
    """The manifest of each run's release."""
    names = [str(outputs_of(result)["promote"]["release"]) for result in results]
    found = [world.ledger.release(name) for name in names]
    return [each for each in found if each]


def test_each_release_has_a_manifest_that_names_the_one_before(tmp_path: Path) -> None:
    world = Twice(tmp_path)
    first = world.deploy()
    a_changed_function(world)
    second = world.again()
    one, two = releases(world, first, second)
    assert (one.replaced, two.replaced) == ("", one.name)
    assert (one.functions["data_prep"].version, two.functions["data_prep"].version) == ("2", "3")
    assert (two.run_id, two.images["inference"]) == (second.run_id, PINNED)
    assert two.services["inference"].task_definition == NEW
    assert (two.stacks["main"].serial, two.stacks["main"].outputs) == (7, OUTPUTS)
    (event,) = [
        each for each in second.filter_events(lambda event: event.event_type_value == "ASSET_MATERIALIZATION")
        if each.asset_key and each.asset_key.path == ["production", "release", "live"]
    ]  # fmt: skip
    shown = event.step_materialization_data.materialization.metadata
    assert shown["manifest"].value == f"s3://ledger/production/releases/{two.name}.json"
    assert shown["function data_prep"].value == "version 3"
    assert shown["history of image inference"].value == dg.AssetKey(["production", "image", "inference"])


def test_a_version_that_fails_under_traffic_never_becomes_the_release(world: Twice) -> None:
    world.metrics.sides["3"] = Side(60, 30)
    result = world.again()
    failures = failed_steps(result)
    assert list(failures) == [ROLL_OUT]
    assert "not promoted: data_prep: above 5 %: 50 % (30 of 60), stable 0 % (0 of 60)" in failures[ROLL_OUT]
    assert "What to do: " in failures[ROLL_OUT]
    assert (world.functions.aliases[ALIAS].version, world.functions.aliases[ALIAS].routing) == ("2", {})
    live = world.ledger.live()
    assert live is not None
    assert live.candidate.commit.sha == SHA


def test_a_version_that_fails_its_smoke_test_gets_no_traffic(world: Twice) -> None:
    world.functions.answers["ml-data-prep", "3"] = Invocation(200, "{}", "KeyError: 's3_path'", "3", "")
    moved_before = list(world.functions.moved)
    failures = failed_steps(world.again())
    assert list(failures) == ["publish_function[data_prep]"]
    assert (
        "version 3 fails smoke test data-prep: ml-data-prep:3 raised: KeyError"
        in failures["publish_function[data_prep]"]
    )
    assert world.functions.aliases[ALIAS].version == "2"
    assert (moved_before[-1][2], world.functions.moved) == ("2", [])


FIRES = Alarm("data-prep-errors", "3 datapoints were above 1 %", (("FunctionName", "ml-data-prep"),))
OTHERS = Alarm("billing", "too much", (("FunctionName", "somebody-elses"),))


def test_an_alarm_that_fires_already_stops_it_before_any_traffic(world: Twice) -> None:
    world.metrics.alarms = (OTHERS, FIRES)
    failures = failed_steps(world.again())
    assert failures[ROLL_OUT].startswith("rollout of functions: alarm data-prep-errors fires: 3 datapoints")
    assert "billing" not in failures[ROLL_OUT]
    assert "hotfix" in failures[ROLL_OUT]
    assert world.functions.moved == []


def test_an_alarm_of_something_else_does_not(world: Twice) -> None:
    world.metrics.alarms = (OTHERS,)
    assert world.again().success


def test_a_hotfix_goes_out_and_is_judged_beside_the_stable_version_alone(world: Twice) -> None:
    world.metrics.alarms = (FIRES,)
    world.metrics.sides = {"2": Side(540, 60), "3": Side(60, 2)}  # better, and still above 1 %
    result = world.again(hotfix="data_prep fails for new customers")
    assert result.success, failed_steps(result)
    live = world.ledger.live()
    assert live is not None
    assert live.candidate.hotfix == "data_prep fails for new customers"


def heard_at(world: Twice, look: int, *said: tuple[str, Said]) -> FakeMetrics:
    """Metrics of healthy versions; at one look at them somebody says something."""
    windows: list[Window] = []

    def looked(window: Window) -> None:
        windows.append(window)
        if len(windows) == look:
            for by, what in said:
                with suppress(DeployError):
                    say_word(world.ledger, FakeClock(), "", what, by, "the numbers are fine")

    return FakeMetrics(looked=looked)


def record(world: Twice) -> Deployment:
    (run,) = world.instance.get_runs(limit=1)
    found = world.ledger.deployment(deployment_id(OTHER, run.run_id))
    assert found is not None
    return found


def test_a_person_promotes_before_the_end_and_the_ledger_has_it(world: Twice) -> None:
    world.metrics = heard_at(world, 4, ("grace", "promote"), ("ada", "roll_back"))
    result = world.again()
    assert result.success, failed_steps(result)
    assert world.functions.aliases[ALIAS].version == "3"
    assert len(observed(result)) == 4  # three looks of fifteen, and the word
    assert outputs_of(result)[ROLL_OUT]["decided"] == "promote, by grace: the numbers are fine"
    kept = record(world)
    assert (kept.decided, kept.baking) == ("promote, by grace: the numbers are fine", ())
    assert [(word.by, word.bakes) for word in kept.words] == [("grace", ("functions",))]


def test_a_person_returns_before_the_end(world: Twice) -> None:
    world.metrics = heard_at(world, 4, ("grace", "roll_back"), ("ada", "promote"))
    failures = failed_steps(world.again())
    assert "not promoted: roll-back, by grace: the numbers are fine" in failures[ROLL_OUT]
    assert world.functions.aliases[ALIAS].version == "2"
    assert (record(world).decided, record(world).outcome) == ("", "failed")


def test_a_person_decides_in_the_ui(world: Twice) -> None:
    config = {"ops": {"decide_rollout": {"config": {"decision": "promote", "by": "grace", "reason": "it works"}}}}
    refused = failed_steps(world.run(decide_rollout_job, config))
    assert "nothing is being deployed now" in refused["decide_rollout"]
    hold = world.hold("12345678")
    hold.begin(a_commit())
    ear = LedgerEar(hold, "service inference", print)
    ear.open()
    said = outputs_of(world.run(decide_rollout_job, config))["decide_rollout"]
    assert (said["decided"], said["ends"]) == ("promote, by grace: it works", "service inference")
    assert ear.close() is not None
    hold.close("canceled")


@pytest.mark.parametrize(("decision", "version"), [("promote", "3"), ("roll_back", "2")])
def test_a_person_decides_where_there_is_no_traffic(world: Twice, decision: Said, version: str) -> None:
    world.metrics = heard_at(world, 61, ("grace", decision))
    world.metrics.sides = {"2": None, "3": None}
    assert world.again().success is (decision == "promote")
    assert world.functions.aliases[ALIAS] == AliasState(version, world.functions.aliases[ALIAS].revision_id, {})


def test_without_a_decision_it_goes_back(world: Twice) -> None:
    world.metrics = FakeMetrics({"2": None, "3": None})
    assert "no request has reached the candidate" in failed_steps(world.again())[ROLL_OUT]
    assert world.functions.aliases[ALIAS].version == "2"


def test_the_hash_that_is_served_already_is_not_rolled_out_again(tmp_path: Path) -> None:
    world = Twice(tmp_path)
    assert world.deploy().success
    a_service_of_the_next_image(world)
    result = world.again(force=True)
    assert result.success, failed_steps(result)
    assert (world.functions.moved, world.metrics.windows) == ([], [])
