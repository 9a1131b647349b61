"""Objects as files."""

from pathlib import Path

from deploy_pipeline.gateways.folder_objects import FolderObjects


def test_what_is_put_is_there(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path / "objects")
    assert (store.get("b", "x/y.json"), store.exists("b", "x/y.json")) == (None, False)
    store.put("b", "x/y.json", b"1", content_type="application/json")
    store.put("b", "x/y.json", b"2", content_type="application/json")
    assert (store.get("b", "x/y.json"), store.exists("b", "x/y.json")) == (b"2", True)
    assert (store.get("b", "x"), store.exists("b", "x"), store.get("other", "x/y.json")) == (None, False, None)
    assert [path.name for path in (tmp_path / "objects/b/x").iterdir()] == ["y.json"]


def test_put_if_absent_leaves_what_is_there(tmp_path: Path) -> None:
    store = FolderObjects(tmp_path)
    assert store.put_if_absent("b", "k", b"first", content_type="text/plain")
    assert not store.put_if_absent("b", "k", b"second", content_type="text/plain")
    assert store.get("b", "k") == b"first"
