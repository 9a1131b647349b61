"""The ledger, over a store in memory and over S3 as it is emulated."""

import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from deploy_pipeline.core.candidate import Candidate, Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger import head as heads
from deploy_pipeline.core.ledger.deployment import Deployment, FunctionMove, ended, moving_functions
from deploy_pipeline.core.ledger.head import Head, Lease, Live
from deploy_pipeline.core.release import release_of
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.gateways.ledger import Ledger, SeenHead
from deploy_pipeline.gateways.object_store import ObjectStore, S3ObjectStore
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.samples import SHA, a_commit, a_spec

RUN, NOW = "0123abcd-0000-0000-0000-000000000000", datetime(2026, 11, 23, 12, tzinfo=UTC)
LOST = DeployError("AWS's answer was lost", retryable=True)


def ledger_in(store: ObjectStore) -> Ledger:
    return Ledger.of(store, a_spec())


def a_record(name: str = "one") -> Deployment:
    return Deployment(name, "deployment", "production", RUN, a_commit(), NOW)


def test_what_is_live_is_what_was_promoted_last(tmp_path: Path) -> None:
    ledger = ledger_in(FolderObjects(tmp_path))
    first = Deployed(Candidate(a_commit(), a_spec()), (), (), (), (), release="first")
    second = replace(first, release="second")
    assert ledger.live() is None
    for written in (first, second, first):
        ledger.write_deployed(written)
        live = Live(written.release, SHA)
        ledger.change_head(lambda seen, live=live: heads.promoted(seen.head, live))  # type: ignore[misc]
        assert ledger.live() == written


def test_a_live_release_without_its_record_is_no_empty_environment() -> None:
    ledger = ledger_in(FakeObjectStore())
    ledger.change_head(lambda seen: heads.promoted(seen.head, Live("gone", SHA)))
    with pytest.raises(DeployError, match=r"restore production/deployed/gone\.json"):
        ledger.live()


def test_a_release_is_never_changed(tmp_path: Path) -> None:
    ledger = ledger_in(FolderObjects(tmp_path))
    deployed = Deployed(Candidate(a_commit(), a_spec(), hotfix="scores fail"), (), (), (), ())
    first = release_of(deployed, RUN, NOW, "")
    assert (first.name, first.hotfix) == (f"{SHA[:12]}-0123abcd", "scores fail")
    assert ledger.write_release(first) == first
    again = release_of(deployed, RUN, NOW + timedelta(minutes=1), "another")
    assert ledger.write_release(again) == first
    assert ledger.release(first.name) == first
    assert ledger.release("no-such") is None


def test_a_record_keeps_what_each_writer_adds() -> None:
    ledger = ledger_in(FakeObjectStore())
    assert ledger.begin(a_record()) == a_record()
    moves = [FunctionMove(name, name, "live", "1", "2") for name in "ab"]
    for move in (*moves, replace(moves[0], stable="2")):
        ledger.change_deployment("one", lambda found, move=move: moving_functions(found, [move]))  # type: ignore[misc]
    assert ledger.begin(a_record()).functions == tuple(moves)
    ended_one = ledger.change_deployment("one", lambda found: ended(found, "failed", "because", NOW))
    assert ledger.change_deployment("one", lambda found: ended(found, "live", "no", NOW)) == ended_one
    with pytest.raises(DeployError, match="no such deployment"):
        ledger.change_deployment("two", lambda found: found)


def test_a_write_whose_answer_is_lost_is_looked_up() -> None:
    store = FakeObjectStore()
    ledger = ledger_in(store)
    for _ in range(2):  # the first write makes the object, the second one replaces it
        store.trouble = [LOST]
        head = ledger.change_head(lambda seen: heads.taken(seen.head, "one", RUN))
        assert ledger.head().head == head
    assert head.token == 2  # nothing was written twice


def test_a_store_that_refuses_is_not_asked_again() -> None:
    store = FakeObjectStore()
    store.trouble = [DeployError("AccessDenied")]
    with pytest.raises(DeployError, match="AccessDenied"):
        ledger_in(store).change_head(lambda seen: heads.taken(seen.head, "one", RUN))


def test_what_a_change_raises_ends_it_without_a_write() -> None:
    ledger = ledger_in(FakeObjectStore())

    def refuse(seen: SeenHead) -> Head:
        raise DeployError("not now")

    with pytest.raises(DeployError, match="not now"):
        ledger.change_head(refuse)
    assert ledger.head().head == Head()


def counted_by_many(store: ObjectStore, bucket: str) -> Head:
    """Four writers, each counting to five: whoever lost a race has looked again, so nothing is lost."""

    def count() -> None:
        ledger = Ledger(store, bucket, "production")
        for _ in range(5):
            ledger.change_head(lambda seen: heads.taken(seen.head, "one", RUN))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Ledger(store, bucket, "production").head().head


def test_no_writer_overwrites_another_one() -> None:
    assert counted_by_many(FakeObjectStore(), "ledger") == Head(20, Lease("one", RUN))


@pytest.mark.real
def test_no_writer_overwrites_another_one_in_s3(aws: AwsSettings) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", region_name=aws.region, endpoint_url=aws.endpoint_url).create_bucket(Bucket=bucket)
    assert counted_by_many(S3ObjectStore(aws), bucket) == Head(20, Lease("one", RUN))


@pytest.mark.real
def test_s3_says_how_old_the_head_is(aws: AwsSettings) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", region_name=aws.region, endpoint_url=aws.endpoint_url).create_bucket(Bucket=bucket)
    store = S3ObjectStore(aws)
    ledger = Ledger(store, bucket, "production")
    assert ledger.head() == SeenHead(Head(), 0.0)
    ledger.change_head(lambda seen: heads.taken(seen.head, "one", RUN))
    assert 0.0 <= ledger.head().age_seconds < 60
    seen = store.read(bucket, ledger.head_key)
    assert seen is not None
    assert not store.replace(bucket, ledger.head_key, b"{}", etag='"other"', content_type="application/json")
    assert store.replace(bucket, ledger.head_key, b"{}", etag=seen.etag, content_type="application/json")
    assert not store.replace(bucket, "no-such", b"{}", etag=seen.etag, content_type="application/json")
