"""The fake object store."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore


def test_store_behaves_as_s3() -> None:
    store = FakeObjectStore({("b", "old"): b"old"})
    assert store.get("b", "old") == b"old"
    assert store.get("b", "new") is None
    assert store.put_if_absent("b", "new", b"1", content_type="text/plain")
    assert not store.put_if_absent("b", "new", b"2", content_type="text/plain")
    store.put("b", "old", b"3", content_type="text/html")
    assert store.objects == {("b", "old"): b"3", ("b", "new"): b"1"}
    assert store.content_types == {("b", "old"): "text/html", ("b", "new"): "text/plain"}
    assert store.exists("b", "new")


def test_store_with_a_missing_bucket() -> None:
    with pytest.raises(DeployError, match="create the bucket"):
        FakeObjectStore(buckets=frozenset({"here"})).get("elsewhere", "key")
