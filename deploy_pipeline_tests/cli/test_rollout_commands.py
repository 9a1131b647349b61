"""`deploy-pipeline analyse` over metrics in memory."""

import json
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from deploy_pipeline.cli import rollout_commands
from deploy_pipeline.cli.rollout_commands import analyse
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side
from deploy_pipeline_tests.samples import a_spec

HOUR = ("--from", "2026-11-23T12:00", "--to", "2026-11-23T13:00")


@dataclass
class World:
    """What the command finds behind the environment's settings."""

    numbers: FakeMetrics

    def home_spec(self) -> Spec:
        return a_spec()

    def metrics(self) -> Metrics:
        return self.numbers

    @property
    def settings(self) -> SimpleNamespace:
        return SimpleNamespace(spec_file="deploy.yaml")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Version 4 beside version 3, both healthy."""
    world = World(FakeMetrics({"3": Side(540), "4": Side(60)}))
    monkeypatch.setattr(rollout_commands, "gateways_of", lambda environment: world)
    return world


def analysed(*arguments: str) -> Result:
    return CliRunner().invoke(analyse, ["--function", "data_prep", *HOUR, *arguments], catch_exceptions=False)


def test_the_newer_of_two_versions_is_judged_beside_the_older_one(world: World) -> None:
    said = analysed("--json")
    found = json.loads(said.stdout)
    assert (said.exit_code, found["outcome"]) == (0, "healthy")
    assert (found["candidate"]["version"], found["candidate"]["requests"]) == ("4", 3600)
    assert (found["stable"]["version"], found["stable"]["requests"]) == ("3", 32400)
    assert (found["from"], found["to"]) == ("2026-11-23T12:00:00+00:00", "2026-11-23T13:00:00+00:00")


def test_people_get_both_versions_and_the_verdict(world: World) -> None:
    world.numbers.sides["4"] = Side(60, 30)
    said = analysed()
    assert said.exit_code == 1
    for words in (
        "ml-data-prep:live",
        "candidate 4",
        "stable 3",
        "unhealthy: error_rate: above 1 %: 50 % (1800 of 3600)",
    ):
        assert words in said.output


@pytest.mark.parametrize(
    ("candidate", "outcome", "code"),
    [(Side(1), "inconclusive", 3), (None, "inconclusive", 3), (Side(60, 0, 200.0), "unhealthy", 1)],
)
def test_the_exit_code_is_the_verdict(world: World, candidate: Side | None, outcome: str, code: int) -> None:
    world.numbers.sides["4"] = candidate
    said = analysed("--json")
    assert (said.exit_code, json.loads(said.stdout)["outcome"]) == (code, outcome)


def test_versions_that_are_named_are_taken(world: World) -> None:
    world.numbers.sides["5"] = Side()
    with pytest.raises(DeployError, match=r"CloudWatch knows 3 versions .* \(3, 4, 5\)"):
        analysed()
    found = json.loads(analysed("--candidate", "3", "--stable", "5", "--json").stdout)
    assert (found["candidate"]["version"], found["stable"]["version"]) == ("3", "5")


def test_a_function_that_is_not_in_the_spec_is_named(world: World) -> None:
    with pytest.raises(DeployError, match=r"deploy.yaml: no function 'no_such' \(there are: data_prep\)"):
        analysed("--function", "no_such")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--to", "2026-11-23T12:00"), "--to has to be at least a minute after --from"),
        (("--from", "yesterday"), "'yesterday' is no time such as 2026-11-23T12:00"),
    ],
)
def test_hours_that_are_none_are_refused(world: World, arguments: tuple[str, ...], words: str) -> None:
    said = analysed(*arguments)
    assert (said.exit_code, words in said.output) == (2, True)
