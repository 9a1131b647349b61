"""When a sensor tries again."""

from datetime import UTC, datetime, timedelta

from deploy_pipeline.core.tries import AGAIN_AFTER, Tries, read_tries

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def test_what_failed_is_tried_again_after_a_while_and_forgotten_then() -> None:
    tries = read_tries(Tries().after(["away"], NOW).model_dump_json())
    assert tries.due("another", NOW)
    assert not tries.due("away", NOW + AGAIN_AFTER / 2)
    assert tries.due("away", NOW + AGAIN_AFTER)
    assert tries.after([], NOW + AGAIN_AFTER) == Tries()


def test_a_clock_that_was_set_back_does_not_stop_it() -> None:
    assert Tries().after(["away"], NOW).due("away", NOW - timedelta(hours=1))


def test_nonsense_is_nothing() -> None:
    assert read_tries("nonsense") == read_tries(None) == Tries()
