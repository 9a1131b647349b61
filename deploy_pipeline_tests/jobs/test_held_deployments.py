"""Merges that wait for a person before anything is deployed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, Decision, asked
from deploy_pipeline.core.ledger.deployment import Deployment, deployment_id, ended
from deploy_pipeline.core.ledger.head import Live, promoted
from deploy_pipeline.jobs.decide_approval import decide_approval_job
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.ops.approval import VALIDATION
from deploy_pipeline.ops.decide import write_decision
from deploy_pipeline.sensors.approved import approval_sensor
from deploy_pipeline_tests.checks.benches import PULL_REQUEST
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_git import FakeGit
from deploy_pipeline_tests.fakes.fake_github import START, FakeGitHub
from deploy_pipeline_tests.jobs import deploy_world
from deploy_pipeline_tests.jobs.deploy_world import World, failed_steps
from deploy_pipeline_tests.samples import SHA, SPEC, a_commit, a_deployed, a_spec

NAME = f"deploy-{SHA[:12]}"
HELD = {"unreviewed": "hold", "unvalidated": "hold"}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path)
    strict = a_spec(approvals=HELD)
    monkeypatch.setattr(deploy_world, "a_spec", lambda: strict)
    (tmp_path / "tree/deploy.yaml").write_text(json.dumps(SPEC | {"approvals": HELD}))
    made.github = FakeGitHub(
        [a_commit()], pull_requests=[replace(PULL_REQUEST, number=7)], permissions={"grace": "write"}
    )
    return made


def head() -> str:
    return PULL_REQUEST.head


def validated(world: World) -> None:
    world.github.set_status("r", head(), state="success", context=VALIDATION, description="", url=None)


def reviewed(world: World) -> None:
    world.github.approvals[7, head()] = ("grace",)


def test_a_merge_without_review_and_validation_waits(world: World) -> None:
    result = world.deploy()
    (said,) = failed_steps(result).values()
    assert "nobody had approved it (pull request 7); its validation has not passed (pull request 7)" in said
    assert f"`deploy-pipeline approve {NAME}" in said
    (run,) = world.instance.get_runs(limit=1)
    assert run_tags.own(run.run_id, run.tags, run_tags.HELD) == NAME
    assert world.docker_engine.builds == []
    assert world.ledger.head().head.lease is None


def test_one_with_both_is_deployed(world: World) -> None:
    validated(world)
    reviewed(world)
    result = world.deploy()
    assert result.success, failed_steps(result)


@pytest.mark.parametrize(("prepare", "missing"), [(validated, "approved"), (reviewed, "validation")])
def test_each_is_asked_for(world: World, prepare: Any, missing: str) -> None:
    prepare(world)
    assert missing in failed_steps(world.deploy())["resolve_candidate"]


def test_an_approval_of_who_may_only_read_is_no_review(world: World) -> None:
    validated(world)
    world.github.approvals[7, head()] = ("mallory",)
    assert "nobody had approved it" in failed_steps(world.deploy())["resolve_candidate"]


@pytest.mark.parametrize(("decision", "why"), [
    (None, "nobody had approved it (it came without a pull request)"), ("refused", "grace has refused it"),
    ("granted", ""),
])  # fmt: skip
def test_a_merge_does_not_take_a_held_one_with_it(world: World, decision: Decision | None, why: str) -> None:
    """The next merge contains the one that waits."""
    early = replace(a_commit(), sha="4" * 40, pull_request=None)
    live_since(world, "0" * 40)
    world.github.branches["main"].insert(0, early)
    trees = dict.fromkeys((SHA, early.sha, "0" * 40), world.folder / "tree")
    world.git = FakeGit(trees, {SHA: (early.sha,), early.sha: ("0" * 40,)})
    validated(world)
    reviewed(world)
    if decision:
        now = FakeClock().now()
        held = Approval(f"deploy-{early.sha[:12]}", early, "why", "run", now, now + timedelta(hours=1))
        world.ledger.change_approvals(lambda found: asked(found, held))
        write_decision(world.ledger, FakeClock(), held.id, decision, "grace", "because")
    failed = failed_steps(world.deploy())
    if why:
        assert f"it would take {early.short} with it: {why}" in failed["resolve_candidate"]
    else:
        assert "resolve_candidate" not in failed


def live_since(world: World, sha: str) -> None:
    """An earlier release serves, of which nothing but the head is asked for here."""
    world.ledger.change_head(lambda seen: promoted(seen.head, Live("earlier", sha)))
    world.ledger.write_deployed(replace(a_deployed(), release="earlier"))


def test_a_hotfix_that_is_granted_is_launched_as_a_hotfix(world: World) -> None:
    why = "the alarm is of the version that serves"
    world.run(deploy_job, {"ops": {"resolve_candidate": {"config": {"commit": SHA, "hotfix": why}}}})
    write_decision(world.ledger, FakeClock(), NAME, "granted", "grace", "go")
    (asked,) = requests(world)
    assert asked.run_config["ops"]["resolve_candidate"]["config"]["hotfix"] == why


def test_what_is_granted_is_deployed_once(world: World) -> None:
    world.deploy()
    config = {"approval": NAME, "grant": True, "by": "grace", "reason": "the review was by word of mouth"}
    assert world.run(decide_approval_job, {"ops": {"decide": {"config": config}}}).success
    first, second = requests(world), requests(world)
    assert [each.run_key for each in first] == [each.run_key for each in second]
    (asked,) = first
    assert asked.run_config["ops"] == {"resolve_candidate": {"config": asked_for(SHA)}}
    result = world.deploy()
    assert result.success, failed_steps(result)


def asked_for(sha: str) -> dict[str, Any]:
    return {"commit": sha, "force": False, "hotfix": ""}


def requests(world: World) -> list[dg.RunRequest]:
    resources = {"home_spec": a_spec(), "object_store": world.object_store, "clock": FakeClock()}
    found = approval_sensor(dg.build_sensor_context(instance=world.instance, resources=resources))
    return list(found.run_requests or []) if isinstance(found, dg.SensorResult) else []


def test_what_was_granted_and_died_is_begun_again(world: World) -> None:
    world.deploy()
    write_decision(world.ledger, FakeClock(), NAME, "granted", "grace", "fine")
    (first,) = requests(world)
    tags = {"dagster/run_key": first.run_key or "", "dagster/sensor_name": "approval_sensor", run_tags.COMMIT: SHA}
    run = world.instance.create_run_for_job(deploy_job, tags=tags, status=dg.DagsterRunStatus.FAILURE)
    record = Deployment(deployment_id(SHA, run.run_id), "deployment", "production", run.run_id, a_commit(), START)
    world.ledger.begin(record)
    assert [each.run_key for each in requests(world)] == [first.run_key]  # not settled yet
    world.ledger.change_deployment(record.id, lambda found: ended(found, "abandoned", "died", START))
    assert [each.run_key for each in requests(world)] == [f"{first.run_key}:1"]


def test_what_is_refused_is_not_deployed(world: World) -> None:
    world.deploy()
    write_decision(world.ledger, FakeClock(), NAME, "refused", "grace", "not today")
    assert requests(world) == []
    assert f"{NAME} was refused by grace: not today" in failed_steps(world.deploy())["resolve_candidate"]


def test_nobody_says_anything(world: World) -> None:
    world.deploy()
    late = FakeClock()
    late.sleep(timedelta(hours=25).total_seconds())
    with pytest.raises(DeployError, match="it is refused already, by nobody: its time was over"):
        write_decision(world.ledger, late, NAME, "granted", "grace", "late")


@pytest.mark.parametrize(("name", "by", "reason", "words"), [
    ("deploy-another", "grace", "why not", f"nothing waits under the name deploy-another\nWhat to do: one of: {NAME}"),
    (NAME, " ", "why not", "a decision needs a name and a reason"),
    (NAME, "grace", "", "a decision needs a name and a reason"),
])  # fmt: skip
def test_a_decision_says_on_what_by_whom_and_why(world: World, name: str, by: str, reason: str, words: str) -> None:
    world.deploy()
    with pytest.raises(DeployError) as raised:
        write_decision(world.ledger, FakeClock(), name, "granted", by, reason)
    assert words in str(raised.value)


def test_a_decision_stands(world: World) -> None:
    world.deploy()
    write_decision(world.ledger, FakeClock(), NAME, "granted", "grace", "fine")
    with pytest.raises(DeployError, match="granted already, by grace: fine"):
        write_decision(world.ledger, FakeClock(), NAME, "refused", "ada", "no")


def test_what_nobody_has_answered_is_asked_again(world: World) -> None:
    world.deploy()
    (before,) = world.ledger.approvals().values()
    later = FakeClock()
    later.sleep(timedelta(hours=25).total_seconds())
    again = replace(before, asked_at=later.now(), until=later.now() + timedelta(hours=1))
    world.ledger.change_approvals(lambda found: asked(found, again))
    write_decision(world.ledger, later, NAME, "granted", "grace", "now")
    assert world.ledger.approvals()[NAME].decision == "granted"
