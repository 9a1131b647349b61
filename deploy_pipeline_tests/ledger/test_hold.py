"""The lease of an environment: who has it, who may take it, and what a run without it may still do."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger import head as heads
from deploy_pipeline.core.ledger.deployment import deployment_id
from deploy_pipeline.core.ledger.head import Live
from deploy_pipeline.gateways.run_log import WAITED_FOR
from deploy_pipeline.ledger.hold import Hold, NotBegun
from deploy_pipeline.ledger.lease import LIMIT_SECONDS, POLL_SECONDS, SETTLING_LIMITS, WAIT_LIMITS, LeaseLost
from deploy_pipeline.ops.admission import waiting_facts
from deploy_pipeline_tests.ledger.holds import ALIAS, MOVE, Holding
from deploy_pipeline_tests.samples import SHA, a_commit, a_deployed

ONE, TWO = "1" * 8 + "-run", "2" * 8 + "-run"
FIRST, SECOND = (deployment_id(SHA, run) for run in (ONE, TWO))


@pytest.fixture
def world() -> Iterator[Holding]:
    made = Holding()
    yield made
    for hold in made.holds:
        hold.lease.stop()


def test_one_run_at_a_time_has_the_environment(world: Holding) -> None:
    world.begun(ONE)
    with pytest.raises(NotBegun, match=f"{FIRST} .run {ONE}. is changing it") as raised:
        world.begun(TWO)
    assert "wait until it has ended" in raised.value.todo
    assert world.clock.monotonic() >= LIMIT_SECONDS * WAIT_LIMITS
    assert world.ledger.deployment(SECOND) is None


def test_a_run_begins_once_however_often_it_is_asked(world: Holding) -> None:
    hold = world.begun(ONE)
    hold.move_functions([MOVE])
    assert hold.begin(a_commit()).functions == (MOVE,)
    assert world.ledger.head().head.token == 1


def test_another_process_of_the_same_run_goes_on(world: Holding) -> None:
    world.begun(ONE).move_functions([MOVE])
    second = world.hold(ONE)
    assert second.begin(a_commit()).functions == (MOVE,)
    second.check()
    assert world.ledger.head().head.token == 1


def test_what_ends_is_free_for_the_next_one(world: Holding) -> None:
    first = world.begun(ONE)
    first.end("live", "promoted")
    first.close("failed")
    assert world.ledger.head().head.lease is None
    world.begun(TWO).check()
    ended = world.ledger.deployment(FIRST)
    assert ended is not None
    assert (ended.outcome, ended.reason) == ("live", "promoted")


def test_a_run_that_ends_without_being_live_is_undone(world: Holding) -> None:
    world.shifted(ONE).close("canceled")
    assert world.serving == ("1", {})
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert (record.outcome, record.reason) == ("canceled", "what served before serves again (score)")
    assert world.ledger.head().head.lease is None


def test_a_run_that_held_nothing_leaves_no_trace(world: Holding) -> None:
    world.hold(ONE).close("failed")
    assert world.store.objects == {}


def test_what_a_dead_run_left_is_settled_before_the_next_one_begins(world: Holding) -> None:
    world.shifted(ONE)
    world.silence()
    second = world.begun(TWO)
    assert world.serving == ("1", {})
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome == "abandoned"
    assert any(FIRST in line and "no sign of life" in line for line in world.lines)
    second.check()


def test_a_run_that_was_taken_for_dead_changes_nothing_any_more(world: Holding) -> None:
    first = world.shifted(ONE)
    world.silence()
    world.begun(TWO)
    for change in (
        first.check,
        lambda: world.split(first),
        lambda: first.move_functions([replace(MOVE, name="other", alias="other")]),
        lambda: first.promote(Live(FIRST, a_commit().sha)),
        lambda: first.end("live", "promoted"),
    ):
        with pytest.raises(LeaseLost, match=f"{SECOND} .run {TWO}. has the lease now"):
            change()
    first.close("failed")
    assert world.serving == ("1", {})
    head = world.ledger.head().head
    assert (head.lease and head.lease.run_id, head.live) == (TWO, None)


def test_a_change_that_was_on_its_way_when_the_lease_was_lost_is_refused(world: Holding) -> None:
    """Its revision is stale even where the alias was right already."""
    first = world.begun(ONE)
    first.move_functions([MOVE])
    revision = world.functions.alias(*ALIAS).revision_id
    world.silence()
    world.begun(TWO)
    with pytest.raises(DeployError, match="PreconditionFailed"):
        world.functions.split_alias(*ALIAS, version="1", candidate="2", weight=0.1, revision_id=revision)


def test_a_settled_run_cannot_go_on(world: Holding) -> None:
    world.shifted(ONE).close("failed")
    with pytest.raises(DeployError, match="has ended already: failed") as raised:
        world.begun(ONE)
    assert "launch it again from its start" in raised.value.todo


def test_what_is_live_is_finished_and_never_undone(world: Holding) -> None:
    first = world.shifted(ONE)
    world.functions.move_alias(*ALIAS, version="2", revision_id=world.functions.alias(*ALIAS).revision_id)
    first.promote(Live(FIRST, a_commit().sha))
    world.silence()
    world.begun(TWO)
    assert world.serving == ("2", {})
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome == "live"


def test_what_cannot_be_undone_stays_open_and_nothing_is_deployed_over_it(world: Holding) -> None:
    first = world.shifted(ONE)
    alias = world.functions.aliases.pop(ALIAS)
    with pytest.raises(DeployError, match="deploy-pipeline reconcile"):
        first.close("failed")
    world.silence()
    with pytest.raises(DeployError, match="could not be returned"):
        world.begun(TWO)
    with pytest.raises(DeployError, match="could not be returned"):
        world.holds[-1].close("failed")  # as at the end of its run
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert (record.outcome, world.ledger.deployment(SECOND)) == (None, None)
    world.functions.aliases[ALIAS] = alias
    world.silence()
    settled = world.hold("3" * 8).take_over()
    assert settled is not None
    assert settled.outcome == "abandoned"
    assert (world.serving, world.ledger.head().head.lease) == (("1", {}), None)


def test_what_a_person_has_set_meanwhile_stays(world: Holding) -> None:
    first = world.shifted(ONE)
    world.functions.aliases[ALIAS] = replace(world.functions.aliases[ALIAS], version="7", routing={})
    first.close("failed")
    assert world.serving == ("7", {})
    assert any("somebody else has set" in line for line in world.lines)
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome == "failed"


def test_there_is_nothing_to_take_over_where_nobody_left_anything(world: Holding) -> None:
    assert world.hold(TWO).take_over() is None
    world.begun(ONE)
    with pytest.raises(DeployError, match="is changing it"):
        world.hold(TWO).take_over()


def test_a_holder_that_cannot_reach_the_ledger_goes_on_for_half_of_the_limit(world: Holding) -> None:
    hold = world.begun(ONE)
    away = DeployError("AWS cannot be reached", retryable=True)

    def unreachable(bucket: str, key: str) -> None:
        raise away

    world.store.read = unreachable  # type: ignore[method-assign]
    world.clock.sleep(LIMIT_SECONDS * 0.4)
    hold.check()
    world.clock.sleep(LIMIT_SECONDS * 0.2)
    with pytest.raises(DeployError, match="cannot be reached"):
        hold.check()


def test_a_lease_that_dies_between_its_two_writes_is_settled(world: Holding) -> None:
    """The lease was taken, and there is no record yet."""
    world.hold(ONE).lease.take(FIRST, lambda name: None)
    world.silence()
    world.begun(TWO).check()
    assert world.ledger.deployment(FIRST) is None


def test_a_ledger_that_answers_late_is_no_reason_to_go_on(world: Holding) -> None:
    """The time in which it was asked counts: meanwhile another run may have taken the lease."""
    hold = world.begun(ONE)

    def slow(bucket: str, key: str) -> None:
        world.clock.sleep(LIMIT_SECONDS)
        raise DeployError("AWS's answer was lost", retryable=True)

    world.store.read = slow  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="answer was lost"):
        hold.check()


def test_what_another_run_left_between_a_look_and_the_claim_is_settled(world: Holding) -> None:
    """Nobody had the lease as this run looked; then one took it, moved traffic and died."""
    second, read, looks = world.hold(TWO), world.store.read, []

    def overtaken(bucket: str, key: str) -> object:
        found = read(bucket, key)
        looks.append(key)
        if len(looks) == 1:
            world.store.read = read  # type: ignore[method-assign]
            world.shifted(ONE).lease.stop()
            world.silence()
        return found

    world.store.read = overtaken  # type: ignore[method-assign, assignment]
    second.begin(a_commit())
    assert world.serving == ("1", {})
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome is not None


def test_a_sign_of_life_while_the_lease_changes_hands_waits_for_that(world: Holding) -> None:
    """Between the write of the new token and the note of it, it would take itself for replaced, and be the last one."""
    world.shifted(ONE)
    world.silence()
    second, replace_object = world.hold(TWO), world.store.replace
    trouble: list[DeployError] = []
    beats: list[threading.Thread] = []

    def beat() -> None:
        try:
            second.lease.change(heads.renewed)
        except DeployError as error:
            trouble.append(error)

    def replaced(bucket: str, key: str, body: bytes, *, etag: str, content_type: str) -> bool:
        done = replace_object(bucket, key, body, etag=etag, content_type=content_type)
        if key == world.ledger.head_key and threading.current_thread() is threading.main_thread():
            beats.append(threading.Thread(target=beat))
            beats[-1].start()
            beats[-1].join(0.2)  # it would have ended by then
        return done

    world.store.replace = replaced  # type: ignore[method-assign]
    second.begin(a_commit())
    for each in beats:
        each.join()
    assert (len(beats), trouble) == (2, [])


def test_what_another_run_has_left_is_abandoned_whatever_becomes_of_the_run_that_settles_it(world: Holding) -> None:
    """Else nobody would begin that merge again."""
    world.shifted(ONE)
    world.silence()
    alias = world.functions.aliases.pop(ALIAS)
    second = world.hold(TWO)
    with pytest.raises(DeployError, match="could not be returned"):
        second.begin(a_commit())
    world.functions.aliases[ALIAS] = alias
    second.close("failed")
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome == "abandoned"


def test_who_loses_the_race_for_a_lease_waits_for_the_next_one(world: Holding) -> None:
    second, read, first = world.hold(TWO), world.store.read, list[Hold]()

    def overtaken(bucket: str, key: str) -> object:
        found = read(bucket, key)
        if not first:
            world.store.read = read  # type: ignore[method-assign]
            first.append(world.begun(ONE))
        return found

    def ends(seconds: float) -> None:
        first[0].end("live", "promoted")
        first[0].close("failed")

    world.store.read = overtaken  # type: ignore[method-assign, assignment]
    world.clock.sleep = ends  # type: ignore[method-assign]
    second.begin(a_commit())
    second.check()
    assert any("waiting" in line and FIRST in line for line in world.lines)


def test_a_rollback_is_refused_soon_and_a_merge_waits_for_what_is_being_settled(world: Holding) -> None:
    world.begun(ONE)
    waited = []
    for kind in ("rollback", "deployment"):
        began = world.clock.monotonic()
        with pytest.raises(DeployError, match="is changing it"):
            world.hold(TWO).begin(a_commit(), kind=kind)
        waited.append((world.clock.monotonic() - began) // LIMIT_SECONDS)
    assert waited == [WAIT_LIMITS // 1, SETTLING_LIMITS]


def test_the_living_are_not_taken_for_dead_by_who_has_a_shorter_limit(world: Holding) -> None:
    world.begun(ONE)
    hasty = world.hold(TWO, limit=5.0)
    world.store.ages["ledger", world.ledger.head_key] = 6.0
    with pytest.raises(DeployError, match="is changing it"):
        hasty.begin(a_commit(), kind="rollback")
    world.silence()
    hasty.begin(a_commit())
    hasty.check()


def test_what_cannot_be_returned_can_be_given_up_by_a_person(world: Holding) -> None:
    world.shifted(ONE)
    world.silence()
    del world.functions.aliases[ALIAS]
    given_up = world.hold(TWO).give_up("the function was deleted by hand")
    assert given_up is not None
    assert (given_up.outcome, given_up.reason) == ("failed", "given up: the function was deleted by hand")
    assert world.ledger.head().head.lease is None
    assert world.hold(TWO).give_up("again") is None
    world.begun("3" * 8).check()


def test_what_serves_is_live_although_the_rest_of_it_is_given_up(world: Holding) -> None:
    """Else nobody could go back to it."""
    first = world.begun(ONE)
    first.promote(Live(FIRST, a_commit().sha))
    world.silence()
    given_up = world.hold(TWO).give_up("the registry is gone")
    assert given_up is not None
    assert given_up.outcome == "live"


def test_an_image_s_pointer_that_cannot_be_moved_keeps_nobody_from_deploying(world: Holding) -> None:
    """What is live is live: the registry of this world does not know the image."""
    first = world.begun(ONE)
    world.ledger.write_deployed(replace(a_deployed(), release=FIRST))
    first.promote(Live(FIRST, a_commit().sha))
    world.silence()
    world.begun(TWO).check()
    record = world.ledger.deployment(FIRST)
    assert record is not None
    assert record.outcome == "live"
    assert "RepositoryNotFoundException" in record.reason


def test_how_long_a_run_has_waited_for_another_one_is_known(world: Holding) -> None:
    first, second, sleep = world.begun("1" * 8), world.hold("2" * 8), world.clock.sleep

    def ends(seconds: float) -> None:
        sleep(seconds)
        first.close("failed")

    world.clock.sleep = ends  # type: ignore[method-assign]
    second.begin(a_commit())
    assert (first.lease.waited, second.lease.waited) == (0.0, POLL_SECONDS)
    assert waiting_facts(second) == {f"{WAITED_FOR}lock": POLL_SECONDS}
    assert waiting_facts(first) == {}
