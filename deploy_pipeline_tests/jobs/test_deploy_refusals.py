"""What a deployment refuses to begin, or to go on with."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.gateways.terraform import Plan
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.jobs.deploy_world import (
    OTHER,
    World,
    failed_steps,
)
from deploy_pipeline_tests.jobs.test_deploy_reuse import Twice
from deploy_pipeline_tests.samples import SHA, SPEC, a_commit, a_deployed


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(("first", "second", "deployed"), [
    ("one", "one", False),  # two daemons have asked for it at the same moment
    ("one", "one:1", True), ("one", None, True), (None, None, True),  # somebody wants it again
])  # fmt: skip
def test_what_is_asked_for_twice_is_deployed_once(
    tmp_path: Path, first: str | None, second: str | None, deployed: bool
) -> None:
    world, config = Twice(tmp_path), {"ops": {"resolve_candidate": {"config": {"commit": SHA}}}}
    results = [world.run(deploy_job, config, tags={run_tags.RUN_KEY: key} if key else None) for key in (first, second)]
    assert results[0].success, failed_steps(results[0])
    assert results[1].success == deployed
    if not deployed:
        assert "asked for with the same key" in failed_steps(results[1])["resolve_candidate"]
        live = world.ledger.head().head.live
        assert live is not None
        assert live.release.endswith(results[0].run_id[:8])


def test_deploy_refuses_to_go_backwards(world: World) -> None:
    newer = a_deployed(replace(a_deployed().candidate, commit=a_commit(sha="9" * 40)))
    world.goes_live(newer)
    result = world.deploy()
    failures = failed_steps(result)
    assert list(failures) == ["resolve_candidate"]
    assert "does not contain the live commit 999999999999" in failures["resolve_candidate"]
    assert world.docker_engine.builds == []


def test_deploy_refuses_a_commit_with_a_wrong_spec_with_all_its_mistakes(world: World) -> None:
    spec = json.loads(json.dumps(SPEC)) | {"colour": "red"}
    spec["services"]["inference"]["port"] = "80a"
    (world.folder / "tree/deploy.yaml").write_text(json.dumps(spec))
    message = failed_steps(world.deploy())["resolve_candidate"]
    assert "services.inference.port" in message
    assert "colour" in message


def test_deploy_refuses_a_commit_that_is_not_merged(world: World) -> None:
    world.github = FakeGitHub(branches={"main": [a_commit()], "pull": [a_commit(sha=OTHER)]})
    result = world.run(deploy_job, {"ops": {"resolve_candidate": {"config": {"commit": OTHER}}}})
    failures = failed_steps(result)
    assert list(failures) == ["resolve_candidate"]
    assert "555555555555 is not on main" in failures["resolve_candidate"]


@pytest.mark.parametrize("change", [{"environment": "staging"}, {"aws": SPEC["aws"] | {"ledger_bucket": "elsewhere"}}])
def test_deploy_refuses_a_commit_that_would_move_the_pipeline(world: World, change: dict[str, Any]) -> None:
    (world.folder / "tree/deploy.yaml").write_text(json.dumps(SPEC | change))
    failures = failed_steps(world.deploy())
    assert f"differs from the pipeline's own in: {next(iter(change))}" in failures["resolve_candidate"]


def test_deploy_that_is_overtaken_stops_before_its_next_change(world: World) -> None:
    newer = a_deployed(replace(a_deployed().candidate, commit=a_commit(sha="9" * 40)))

    class Overtaken(FakeTerraform):
        """Another release goes out while this one is planned."""

        def plan(self, *arguments: Any, **named: Any) -> Plan:
            world.goes_live(newer)
            return super().plan(*arguments, **named)

    world.terraform = Overtaken(plans={"terraform/main": Plan("f" * 64, "digest", 3, 1, 0, 0)})
    failures = failed_steps(world.deploy())
    assert list(failures) == ["apply_terraform"]
    assert world.terraform.applied == []
