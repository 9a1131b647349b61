"""Going back to an earlier release, over fakes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core.ledger.rollback import parts_since
from deploy_pipeline.core.release import Release, release_of
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.gateways.services import ServiceState
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline_tests.fakes.fake_github import START
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.jobs.deploy_world import NEW, OTHER, World, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import Twice, a_changed_function, outputs_of
from deploy_pipeline_tests.samples import SHA, a_deployed

ALIAS = ("ml-data-prep", "live")


@pytest.fixture
def world(tmp_path: Path) -> Twice:
    """Two releases: the second one has version 3 of the function."""
    made = Twice(tmp_path)
    assert made.deploy().success
    a_changed_function(made)
    again = made.again()
    assert again.success, failed_steps(again)
    return made


def rolled_back(world: World, **config: Any) -> dg.ExecuteInProcessResult:
    return world.run(rollback_job, {"ops": {"resolve_rollback": {"config": config}}})


def live_release(world: World) -> Release:
    head = world.ledger.head().head
    assert head.live is not None
    assert head.lease is None
    found = world.ledger.release(head.live.release)
    assert found is not None
    return found


def test_the_release_before_serves_again(world: Twice) -> None:
    bad = live_release(world)
    result = rolled_back(world)
    assert result.success, failed_steps(result)
    assert world.functions.aliases[ALIAS].version == "2"
    now = live_release(world)
    assert (now.commit, now.replaced, now.restores) == (SHA, bad.name, bad.replaced)
    record = world.ledger.deployment(now.name)
    assert record is not None
    assert (record.kind, record.undoes, record.outcome) == ("rollback", bad.name, "live")
    live = world.ledger.live()
    assert live is not None
    assert live.functions[0].version == "2"
    assert live.services[0].task_definition == NEW


def test_people_and_github_hear_of_it(world: Twice) -> None:
    rolled_back(world)
    assert world.slack.posts[-1].text == "✅ Rollback successful: production"
    last = world.github.statuses[-1]
    assert (last.sha, last.state, last.description) == (OTHER, "failure", f"rolled back to {SHA[:12]}")
    assert world.github.deployment_statuses[-1].state == "inactive"


def test_a_rollback_is_rolled_back_to_what_was_before_the_release_that_it_restored(world: Twice) -> None:
    rolled_back(world)
    failures = failed_steps(rolled_back(world))
    assert "there is no release before" in failures["resolve_rollback"]


def test_a_named_release_serves_again(world: Twice) -> None:
    second = live_release(world)
    rolled_back(world)
    result = rolled_back(world, to=second.name)
    assert result.success, failed_steps(result)
    assert (world.functions.aliases[ALIAS].version, live_release(world).commit) == ("3", OTHER)


def test_a_release_that_the_ledger_does_not_have_is_refused(world: Twice) -> None:
    before = live_release(world)
    failures = failed_steps(rolled_back(world, to="no-such-release"))
    assert "the ledger has no release no-such-release" in failures["resolve_rollback"]
    assert live_release(world) == before


@pytest.mark.parametrize("only", [[], ["functions"], ["services"]])
def test_one_that_would_move_nothing_is_refused(world: Twice, only: list[str]) -> None:
    """As a release of its own it would end the watch over the one that serves."""
    before = live_release(world)
    failures = failed_steps(rolled_back(world, to=before.name, only=only))
    assert "nothing has to move" in failures["resolve_rollback"]
    assert live_release(world) == before


def test_only_what_is_wanted_goes_back(world: Twice) -> None:
    """What serves is not one commit any more; its name stays that of what was not rolled back."""
    result = rolled_back(world, only=["functions"])
    assert result.success, failed_steps(result)
    assert (world.functions.aliases[ALIAS].version, live_release(world).commit) == ("2", OTHER)
    assert live_release(world).parts == ("functions",)


def test_parts_that_go_back_one_after_the_other_are_one_way_back() -> None:
    live = replace(release_of(a_deployed(), "run", START, "three"), restores="one", parts=("functions",))
    assert parts_since(("services",), live, "one") == ("functions", "services")
    assert parts_since(("services",), live, "another") == ("services",)
    assert parts_since(("services",), None, "one") == ("services",)


@pytest.mark.parametrize(("config", "words"), [
    ({"only": ["database"]}, "there is no part database"),
    ({"instead_of": "another"}, "is live, not another"),
])  # fmt: skip
def test_what_was_not_meant_is_refused(world: Twice, config: dict[str, Any], words: str) -> None:
    assert words in failed_steps(rolled_back(world, **config))["resolve_rollback"]
    assert world.functions.aliases[ALIAS].version == "3"


def test_an_alias_that_somebody_else_has_moved_ends_it(world: Twice) -> None:
    world.functions.aliases[ALIAS] = AliasState("9", "theirs", {})
    failures = failed_steps(rolled_back(world))
    assert "the alias serves version 9, not 3" in failures["roll_back_functions"]
    assert world.functions.aliases[ALIAS].version == "9"
    assert live_release(world).commit == OTHER


def test_a_service_that_somebody_else_has_moved_ends_it_before_anything_changes(world: Twice) -> None:
    earlier = world.ledger.deployed(live_release(world).replaced)
    assert earlier is not None
    other = replace(earlier.services[0], task_definition=f"{NEW}0")
    world.ledger.write_deployed(replace(earlier, services=(other,)))
    theirs = Look(ServiceState("arn:theirs:9", 1, 1, 0, "COMPLETED", ""))
    world.services = FakeServices({("ml", "ml-inference"): [theirs]})
    failures = failed_steps(rolled_back(world))
    assert f"it runs arn:theirs:9, not {NEW}" in failures["roll_back_functions"]
    assert (world.functions.aliases[ALIAS].version, world.services.updates) == ("3", [])
    assert live_release(world).commit == OTHER


def test_a_rollback_that_fails_leaves_what_served(world: Twice) -> None:
    move, calls = world.functions.move_alias, []

    def once(*args: Any, **kwargs: Any) -> AliasState:
        calls.append(args)
        done = move(*args, **kwargs)
        if len(calls) == 1:
            raise dg.Failure("the answer was lost")
        return done

    world.functions.move_alias = once  # type: ignore[method-assign]
    result = rolled_back(world)
    assert "roll_back_functions" in failed_steps(result)
    assert world.functions.aliases[ALIAS].version == "3"
    assert live_release(world).commit == OTHER


def test_the_next_merge_is_deployed_over_a_rollback(world: Twice) -> None:
    rolled_back(world)
    result = world.again()
    assert result.success, failed_steps(result)
    assert live_release(world).commit == OTHER
    assert "promote" in outputs_of(result)
