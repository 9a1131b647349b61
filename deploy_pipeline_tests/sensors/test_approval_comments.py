"""Approvals by comments on GitHub, over a ledger and a GitHub in memory."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, asked
from deploy_pipeline.core.ledger.remark import answer_marker, question_marker
from deploy_pipeline.gateways.github import GitHubUnavailable
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ops.decide import write_decision
from deploy_pipeline.sensors.approval_comments import approval_comment_sensor
from deploy_pipeline_tests.checks.benches import PULL_REQUEST
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_github import START, FakeGitHub
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.samples import a_commit, a_spec

NAME, OTHER = "deploy-111111111111", "deploy-222222222222"
WAITING = Approval(NAME, a_commit(), "nobody had approved it", "run", START, START + timedelta(hours=24))


class Counting(FakeGitHub):
    """Counts what it is asked."""

    asked = 0

    def _answer(self) -> None:
        self.asked += 1
        super()._answer()


class World:
    """One deployment waits; grace may write to the repository, and mallory may not."""

    def __init__(self) -> None:
        self.store, self.clock, self.cursor = FakeObjectStore(), FakeClock(START), ""
        pulls = [replace(PULL_REQUEST, number=number) for number in (7, 8)]
        self.github = Counting(pull_requests=pulls, permissions={"grace": "write", "ada": "admin", "mallory": "read"})
        self.ledger = Ledger.of(self.store, a_spec())
        self.waits(WAITING)

    def waits(self, approval: Approval) -> None:
        self.ledger.change_approvals(lambda found: asked(found, approval))

    def tick(self) -> str:
        resources = {
            "home_spec": a_spec(), "object_store": self.store, "github": self.github, "clock": self.clock
        }  # fmt: skip
        context = dg.build_sensor_context(resources=resources, cursor=self.cursor)
        found = approval_comment_sensor(context)
        assert isinstance(found, dg.SkipReason)
        self.cursor = context.cursor or ""
        return found.skip_message or ""

    def stands(self, name: str = NAME) -> tuple[str | None, str, str]:
        found = self.ledger.approvals()[name]
        return found.decision, found.by, found.reason

    @property
    def told(self) -> list[str]:
        return [each.body for each in self.github.said.get(7, []) if each.body.startswith(answer_marker(WAITING))]


@pytest.fixture
def world() -> World:
    """It was asked on GitHub already."""
    made = World()
    made.tick()
    return made


UNDECIDED = (None, "", "")


def test_what_came_without_a_pull_request_is_shown_on_its_commit_once_it_is_refused(world: World) -> None:
    """It would stay pending on GitHub for ever."""
    pushed = a_commit(sha="2" * 40, pull_request=None)
    world.waits(replace(WAITING, id=OTHER, commit=pushed))
    world.tick()
    assert world.github.statuses == []
    write_decision(world.ledger, world.clock, OTHER, "refused", "grace", "not today")
    world.tick()
    world.tick()
    (status,) = world.github.statuses
    assert (status.sha, status.state) == (pushed.sha, "error")
    assert status.description == "refused by grace: not today"


def test_it_is_asked_once(world: World) -> None:
    world.tick()
    world.tick()
    (only,) = world.github.said[7]
    assert only.body.startswith(question_marker(WAITING))
    assert f"/approve {NAME} why" in only.body


@pytest.mark.parametrize(
    ("body", "decision", "reason"),
    [
        (f"/approve {NAME} seen it work", "granted", "seen it work"),
        ("/reject not today", "refused", "not today"),
        ("/approve", "granted", "https://github.test/7#2"),
    ],
)
def test_who_may_write_decides(world: World, body: str, decision: str, reason: str) -> None:
    world.github.say(7, "grace", body)
    world.tick()
    assert world.stands() == (decision, "grace on GitHub", reason)
    world.tick()
    assert len(world.told) == 1
    assert f"{NAME} was {decision} by grace on GitHub" in world.told[0]


def test_a_stranger_is_not_heard(world: World) -> None:
    for login in ("mallory", "nobody", "renovate[bot]", "deploy-pipeline[bot]"):
        world.github.permissions.setdefault("renovate[bot]", "admin")
        world.github.say(7, login, f"/approve {NAME} trust me")
    world.tick()
    assert (world.stands(), world.told) == (UNDECIDED, [])
    world.github.say(7, "ada", f"/reject {NAME} who was that?")
    world.tick()
    assert world.stands() == ("refused", "ada on GitHub", "who was that?")


def test_what_was_said_before_it_was_asked_or_edited_since_does_not_count() -> None:
    world = World()
    world.github.say(7, "grace", f"/approve {NAME} fine")
    world.tick()
    world.github.say(7, "grace", f"/approve {NAME} fine", edited=True)
    world.tick()
    assert world.stands() == UNDECIDED


def test_of_two_people_the_first_decides(world: World) -> None:
    world.github.say(7, "grace", "/approve fine")
    world.github.say(7, "ada", "/reject no")
    world.tick()
    assert world.stands() == ("granted", "grace on GitHub", "fine")


def test_who_is_slower_than_the_command_line_hears_what_stands(world: World) -> None:
    """Between the sensor's look at the ledger and its own write somebody else decides."""
    ledger, clock = world.ledger, world.clock
    permission = world.github.permission

    def meanwhile(repository: str, login: str) -> str:
        write_decision(ledger, clock, NAME, "refused", "hedy", "not on a Friday")
        return permission(repository, login)

    world.github.permission = meanwhile  # type: ignore[assignment, method-assign]
    world.github.say(7, "grace", "/approve fine")
    world.tick()
    assert world.stands() == ("refused", "hedy", "not on a Friday")
    assert "was refused by hedy: not on a Friday" in world.told[0]


def test_what_is_decided_elsewhere_is_told_once(world: World) -> None:
    write_decision(world.ledger, world.clock, NAME, "granted", "hedy", "by phone")
    world.tick()
    world.tick()
    assert len(world.told) == 1
    assert "granted by hedy: by phone" in world.told[0]
    assert world.github.statuses == []


def test_nobody_answers_in_time(world: World) -> None:
    world.clock.sleep(timedelta(hours=25).total_seconds())
    world.github.say(7, "grace", "/approve too late")
    world.tick()
    assert "was refused by nobody: its time was over" in world.told[0]
    (status,) = world.github.statuses
    assert (status.sha, status.state) == (WAITING.commit.sha, "error")
    again = replace(WAITING, asked_at=world.clock.now(), until=world.clock.now() + timedelta(hours=1))
    world.waits(again)
    world.tick()
    world.tick()
    assert world.stands() == UNDECIDED  # the comment was for the first time that it was asked


def test_where_two_wait_for_a_pull_request_it_has_to_be_named(world: World) -> None:
    world.waits(replace(WAITING, id=OTHER))
    world.tick()
    world.github.say(7, "grace", "/approve all of it")
    world.github.say(7, "grace", f"/reject {OTHER} not this one")
    world.tick()
    assert (world.stands(), world.stands(OTHER)) == (UNDECIDED, ("refused", "grace on GitHub", "not this one"))


def test_a_comment_without_a_name_does_not_wait_until_only_one_is_left(world: World) -> None:
    """It was said while two waited, and is still there when one of them has been decided."""
    world.waits(replace(WAITING, id=OTHER))
    world.tick()
    world.github.say(7, "grace", "/approve all of it")
    world.tick()
    world.clock.sleep(60)
    write_decision(world.ledger, world.clock, OTHER, "refused", "hedy", "not this one")
    world.github.say(7, "ada", "what happened to the other one?")
    world.tick()
    assert world.stands() == UNDECIDED


def test_github_is_not_asked_while_nothing_waits(world: World) -> None:
    write_decision(world.ledger, world.clock, NAME, "refused", "hedy", "no")
    world.tick()
    before = world.github.asked
    assert world.tick() == "nothing waits for a person"
    assert world.github.asked == before


def test_while_nothing_changes_one_conditional_question_is_asked(world: World) -> None:
    world.tick()
    before = world.github.asked
    world.tick()
    assert world.github.asked == before + 1


def test_an_outage_loses_nothing(world: World) -> None:
    world.github.say(7, "grace", "/approve fine")
    world.github.outage = GitHubUnavailable("GitHub answered 503")
    assert "503" in world.tick()
    assert world.stands() == UNDECIDED
    world.github.outage = None
    world.tick()
    assert world.stands()[0] == "granted"


def test_one_that_cannot_be_asked_keeps_no_other_from_it() -> None:
    world = World()
    world.waits(replace(WAITING, id=OTHER, commit=replace(a_commit(), pull_request=99)))
    assert f"{OTHER}: " in world.tick()
    world.github.say(7, "grace", "/approve fine")
    world.tick()
    assert world.stands()[0] == "granted"


def test_an_unreadable_ledger_is_asked_again(world: World) -> None:
    world.store.outage = DeployError("SlowDown", where="s3", retryable=True)
    assert "SlowDown" in world.tick()
