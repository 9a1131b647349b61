"""When a run is started that settles what a dead one has left behind."""

from collections.abc import Iterator

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.head import taken
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline.ledger.lease import LeaseLimit
from deploy_pipeline.sensors.orphaned import orphaned_deployment_sensor
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.samples import a_spec

LIMIT = LeaseLimit(30)


class Watched:
    """A ledger whose lease a run took."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance, self.store = instance, FakeObjectStore()
        self.ledger = Ledger.of(self.store, a_spec())
        self.ledger.change_head(lambda seen: taken(seen.head, "one", "run"))

    def tick(self, age: float) -> dg.RunRequest | dg.SkipReason:
        self.store.ages["ledger", self.ledger.head_key] = age
        resources = {"home_spec": a_spec(), "object_store": self.store, "lease_limit": LIMIT}
        context = dg.build_sensor_context(instance=self.instance, resources=resources)
        found = orphaned_deployment_sensor(context)
        assert isinstance(found, dg.RunRequest | dg.SkipReason)
        return found

    def attempt(self, status: dg.DagsterRunStatus) -> None:
        self.instance.create_run_for_job(reconcile_job, tags={run_tags.RECONCILES: "one"}, status=status)


@pytest.fixture
def watched() -> Iterator[Watched]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watched(instance)


def test_a_holder_that_lives_is_left_alone(watched: Watched) -> None:
    assert isinstance(watched.tick(29), dg.SkipReason)


def test_a_dead_holder_is_settled(watched: Watched) -> None:
    asked = watched.tick(31)
    assert isinstance(asked, dg.RunRequest)
    assert (asked.run_key, asked.tags[run_tags.RECONCILES]) == ("one:1:0", "one")


def test_one_run_at_a_time_settles_it(watched: Watched) -> None:
    watched.attempt(dg.DagsterRunStatus.STARTED)
    assert isinstance(watched.tick(31), dg.SkipReason)


def test_a_run_that_was_made_and_never_queued_is_asked_for_again(watched: Watched) -> None:
    """As when the database was locked between the two: the daemon queues the one that is there."""
    watched.attempt(dg.DagsterRunStatus.NOT_STARTED)
    asked = watched.tick(31)
    assert isinstance(asked, dg.RunRequest)
    assert asked.run_key == "one:1:0"


def test_what_failed_is_tried_again_later_and_later(watched: Watched) -> None:
    for number, wait in enumerate((60, 120, 240), start=1):
        watched.attempt(dg.DagsterRunStatus.FAILURE)
        assert isinstance(watched.tick(wait - 1), dg.SkipReason)
        asked = watched.tick(wait + 1)
        assert isinstance(asked, dg.RunRequest)
        assert asked.run_key == f"one:1:{number}"


def test_nothing_is_left_behind_where_nobody_has_the_lease(watched: Watched) -> None:
    watched.ledger.change_head(lambda seen: type(seen.head)(seen.head.token))
    assert isinstance(watched.tick(1000), dg.SkipReason)


def test_a_ledger_that_is_away_is_asked_again(watched: Watched) -> None:
    def away(bucket: str, key: str) -> None:
        raise DeployError("AWS cannot be reached", retryable=True)

    watched.store.read = away  # type: ignore[method-assign]
    skipped = watched.tick(31)
    assert isinstance(skipped, dg.SkipReason)
    assert "cannot be reached" in (skipped.skip_message or "")
