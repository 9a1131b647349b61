"""What `deploy-pipeline status` shows, over a ledger in memory."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from deploy_pipeline.cli import status_commands
from deploy_pipeline.core.ledger import head as heads
from deploy_pipeline.core.ledger.approval import Approval, asked
from deploy_pipeline.core.release import Release, release_of
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ledger.lease import LeaseLimit
from deploy_pipeline_tests.ledger.holds import Holding
from deploy_pipeline_tests.samples import a_commit, a_deployed, a_spec

RUN = "3" * 8
AT = datetime(2026, 11, 30, 3, 4, tzinfo=UTC)


class Gateways:
    """As the composition has them."""

    def __init__(self, environment: Holding) -> None:
        self._environment = environment

    def home_spec(self) -> Spec:
        return a_spec()

    def object_store(self) -> ObjectStore:
        return self._environment.store

    def clock(self) -> Clock:
        return self._environment.clock

    def lease_limit(self) -> LeaseLimit:
        return LeaseLimit()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Holding:
    made = Holding()
    monkeypatch.setattr(status_commands, "gateways_of", lambda _: Gateways(made))
    return made


def shown(*arguments: str) -> str:
    return CliRunner().invoke(status_commands.status, arguments, catch_exceptions=False).output


def live(environment: Holding, *names: str) -> None:
    """Releases that served one after another; the last one does."""
    earlier = ""
    for name in names:
        release: Release = replace(release_of(a_deployed(), RUN, AT, earlier), name=name, title=f"Title of {name}")
        environment.ledger.write_release(release)
        earlier = name
    now = heads.Live(earlier, a_commit().sha)
    environment.ledger.change_head(lambda seen: heads.promoted(seen.head, now))


def ask(environment: Holding, approval: Approval) -> None:
    environment.ledger.change_approvals(lambda found: asked(found, approval))


def test_nothing_was_deployed_yet(environment: Holding) -> None:
    assert shown().split() == [
        "production", "serves", "nothing", "was", "deployed", "yet", "a", "rollback", "goes", "to", "nothing:", "no",
        "release", "was", "live", "before", "is", "changed", "by", "nobody",
    ]  # fmt: skip


def test_what_serves_and_what_served_before(environment: Holding) -> None:
    live(environment, "one", "two", "three")
    said = shown("--releases", "2")
    assert "three  Title of three, since 2026-11-30 03:04 UTC" in said
    assert "a rollback goes to  two" in said
    assert "Title of two" in said
    assert "Title of one" not in said


def test_who_changes_it_and_how(environment: Holding) -> None:
    environment.shifted(RUN)
    said = shown()
    assert f"{a_commit().short}-{RUN}, run {RUN} (last sign of life 0 s ago)" in said
    assert "moves ml-score:live from version 1 to 2" in said


def test_a_dead_run_is_named_so_with_what_to_do(environment: Holding) -> None:
    environment.shifted(RUN)
    environment.silence()
    said = shown()
    assert f"whose run {RUN} is dead (last sign of life 31 s ago)" in said
    assert "`deploy-pipeline reconcile`" in said
    assert environment.serving == ("1", {"2": 0.1})  # only looked at


def test_only_what_still_waits_is_shown(environment: Holding) -> None:
    now = environment.clock.now()
    for name, until in (("deploy-1", timedelta(hours=1)), ("deploy-2", timedelta(0))):
        ask(environment, Approval(name, a_commit(), "nobody had approved it", "run", now, now + until))
    said = shown()
    assert "deploy-1  Score faster: nobody had approved it, until " in said
    assert "deploy-2" not in said


def test_a_lost_manifest_is_said(environment: Holding) -> None:
    now = heads.Live("one", a_commit().sha)
    environment.ledger.change_head(lambda seen: heads.promoted(seen.head, now))
    assert "one  (its manifest is missing from the ledger)" in shown()


def test_scripts_get_all_of_it(environment: Holding) -> None:
    live(environment, "one", "two")
    environment.begun(RUN)
    found = json.loads(shown("--json"))
    assert (found["head"]["live"]["release"], found["back_to"], found["dead"]) == ("two", "one", False)
    assert [each["name"] for each in found["releases"]] == ["two", "one"]
    assert found["deployment"]["run_id"] == RUN
