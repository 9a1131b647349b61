"""Which releases are taken back by themselves, over a world in memory."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, deployment_id, ended
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.ledger.watched import Watched
from deploy_pipeline.sensors.rollback_trigger import UNSEEN, Ill, read_ill, rollback_trigger_sensor
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_metrics import FakeMetrics, Side
from deploy_pipeline_tests.fakes.fake_services import FakeServices
from deploy_pipeline_tests.jobs.deploy_world import NEW, OLD, OTHER, failed_steps
from deploy_pipeline_tests.jobs.test_deploy_reuse import Twice, a_changed_function
from deploy_pipeline_tests.samples import a_commit, a_spec

BAD = Side(60, 6)


class Live(Twice):
    """Two releases, of which the second one changed the function; then time passes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        assert self.deploy().success
        a_changed_function(self)
        again = self.again()
        assert again.success, failed_steps(again)
        self.clock, self.cursor = FakeClock(), ""
        self.clock.sleep(10 * 60)

    def tick(self) -> dg.SensorResult | dg.SkipReason:
        resources = {
            name: getattr(self, name) for name in ("object_store", "metrics", "services", "load_balancers", "web")
        }
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor,
            resources={**resources, "home_spec": a_spec(), "clock": self.clock, "metrics_clock": self.clock},
        )  # fmt: skip
        found = rollback_trigger_sensor(context)
        assert isinstance(found, dg.SensorResult | dg.SkipReason)
        if isinstance(found, dg.SensorResult):
            self.cursor = found.cursor or ""
        return found

    def requests(self) -> list[dg.RunRequest]:
        found = self.tick()
        return list(found.run_requests or []) if isinstance(found, dg.SensorResult) else []


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return Live(tmp_path)


def test_a_healthy_release_stays(live: Live) -> None:
    assert live.requests() == []


def test_a_release_whose_function_fails_is_rolled_back_once(live: Live) -> None:
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    (asked,) = live.requests()
    release = live.ledger.live()
    assert release is not None
    assert asked.run_key == release.release
    result = live.run(rollback_job, dict(asked.run_config))
    assert result.success, failed_steps(result)
    assert live.functions.aliases["ml-data-prep", "live"].version == "2"
    assert "30 errors in 300 requests, each of 5 min above 5%" in str(live.slack.posts[-1].blocks)
    skipped = live.tick()
    assert isinstance(skipped, dg.SkipReason)
    assert "it is a rollback itself" in (skipped.skip_message or "")


def test_a_rollback_whose_run_died_is_made_again(live: Live) -> None:
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    keys = []
    for attempt in range(4):
        (asked,) = live.requests()
        keys.append(asked.run_key)
        tags = {"dagster/run_key": asked.run_key or "", "dagster/sensor_name": "rollback_trigger_sensor"}
        run = live.instance.create_run_for_job(rollback_job, tags={**tags, run_tags.COMMIT: OTHER})
        record = Deployment(
            deployment_id(OTHER, run.run_id), "rollback", "production", run.run_id, a_commit(), live.clock.now()
        )
        live.ledger.begin(record)
        if attempt != 1:
            live.ledger.change_deployment(record.id, lambda found: ended(found, "abandoned", "died", live.clock.now()))
        else:
            assert live.requests()[0].run_key == keys[-1]  # it goes on, and is not asked for again
            live.ledger.change_deployment(record.id, lambda found: ended(found, "abandoned", "died", live.clock.now()))
    release = live.ledger.live()
    assert release is not None
    assert keys == [release.release, f"{release.release}:1", f"{release.release}:2", f"{release.release}:2"]


@pytest.mark.parametrize(
    ("status", "again"), [(dg.DagsterRunStatus.FAILURE, True), (dg.DagsterRunStatus.CANCELED, False)]
)
def test_one_whose_run_died_before_it_had_begun_anything(live: Live, status: dg.DagsterRunStatus, again: bool) -> None:
    """The ledger has no word of it. One that a person has ended is not made again."""
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    (asked,) = live.requests()
    tags = {"dagster/run_key": asked.run_key or "", "dagster/sensor_name": "rollback_trigger_sensor"}
    live.instance.create_run_for_job(rollback_job, tags=tags, status=status)
    (later,) = live.requests()
    assert later.run_key == (f"{asked.run_key}:1" if again else asked.run_key)


def test_what_cannot_be_looked_at_hides_nothing_else(live: Live) -> None:
    """Here a service, which the release has changed, too."""
    release = live.ledger.live()
    assert release is not None
    (record,) = [key for key in live.object_store.objects if "/deployed/" in key[1] and release.release not in key[1]]
    live.object_store.objects[record] = live.object_store.objects[record].replace(NEW.encode(), OLD.encode())
    live.services = FakeServices({})
    found = live.tick()
    assert isinstance(found, dg.SensorResult)
    assert "inference: there is no such active service" in str(found.skip_reason)
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    (asked,) = live.requests()
    assert asked.run_key == release.release


def test_since_when_a_service_is_ill_is_remembered_and_forgotten() -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    ill = Ill(looked_at=now, since={"web task:3": now})
    said = ill.model_dump_json()
    assert read_ill(said, now + timedelta(minutes=2)) == ill
    assert read_ill(said, now + UNSEEN) == Ill()
    for nonsense in (None, "no JSON", '{"since": 1}'):
        assert read_ill(nonsense, now) == Ill()


def test_a_newer_release_does_not_hide_what_an_older_one_has_broken(live: Live) -> None:
    """Merges may follow each other faster than a function's errors can be counted."""
    first = live.ledger.live()
    assert first is not None
    healthy = live.ledger.release(first.release)
    assert live.again().success  # the same again: it changes nothing
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    (asked,) = live.requests()
    now = live.ledger.live()
    assert now is not None
    assert healthy is not None
    config = asked.run_config["ops"]["resolve_rollback"]["config"]
    assert (asked.run_key, config["instead_of"], config["to"]) == (now.release, now.release, healthy.replaced)
    result = live.run(rollback_job, dict(asked.run_config))
    assert result.success, failed_steps(result)
    assert live.functions.aliases["ml-data-prep", "live"].version == "2"


def test_nothing_is_looked_at_behind_a_release_that_a_person_has_decided_about(live: Live) -> None:
    assert live.again().success
    now = live.ledger.live()
    assert now is not None
    live.ledger.change_deployment(now.release, lambda found: replace(found, decided="promote, by grace: seen it work"))
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    assert live.requests() == []


def test_a_function_that_a_newer_release_has_changed_again_is_not_the_older_one_s(live: Live) -> None:
    first = live.ledger.live()
    assert first is not None
    made, before = first, live.ledger.deployed(live.ledger.release(first.release).replaced)  # type: ignore[union-attr]
    release = live.ledger.release(first.release)
    assert before is not None
    assert release is not None
    newer = replace(first, functions=tuple(replace(each, version="9") for each in first.functions))
    assert Watched(release, made, made, before).functions == ("data_prep",)
    assert Watched(release, newer, made, before).functions == ()


def test_what_cannot_be_measured_takes_nothing_back(live: Live) -> None:
    for metrics in (FakeMetrics({("ml-data-prep", ""): None}), FakeMetrics(failures=[DeployError("Throttling")])):
        live.metrics = metrics
        assert live.requests() == []


def test_a_release_that_has_been_live_for_long_stays(live: Live) -> None:
    live.metrics = FakeMetrics({("ml-data-prep", ""): BAD})
    live.clock.sleep(timedelta(hours=1).total_seconds())
    assert live.requests() == []
