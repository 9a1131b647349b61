"""The record of what is live, as it is read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy_pipeline.core.candidate import Candidate, Deployed
from deploy_pipeline.core.release import release_of
from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.gateways.live_record import read_live, read_release, write_live, write_release
from deploy_pipeline_tests.samples import SHA, a_commit, a_spec

RUN, NOW = "0123abcd-0000-0000-0000-000000000000", datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_what_is_read_is_what_was_written_last(tmp_path: Path) -> None:
    store, spec = FolderObjects(tmp_path), a_spec()
    first = Deployed(Candidate(a_commit(), spec), (), (), (), ())
    second = replace(first, candidate=replace(first.candidate, commit=a_commit(sha="b" * 40)))
    assert read_live(store, spec) is None
    for written in (first, second, first):
        write_live(store, written)
        assert read_live(store, spec) == written


def test_a_release_is_never_changed(tmp_path: Path) -> None:
    store, spec = FolderObjects(tmp_path), a_spec()
    deployed = Deployed(Candidate(a_commit(), spec, hotfix="scores fail"), (), (), (), ())
    first = release_of(deployed, RUN, NOW, "")
    assert (first.name, first.hotfix) == (f"{SHA[:12]}-0123abcd", "scores fail")
    assert write_release(store, spec, first) == first
    again = release_of(deployed, RUN, NOW + timedelta(minutes=1), "another")
    assert write_release(store, spec, again) == first
    assert read_release(store, spec, first.name) == first
    assert read_release(store, spec, "no-such") is None
