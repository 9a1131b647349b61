"""The record of what is live, as it is read."""

from dataclasses import replace
from pathlib import Path

from deploy_pipeline.core.candidate import Candidate, Deployed
from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.gateways.live_record import read_live, write_live
from deploy_pipeline_tests.samples import a_commit, a_spec


def test_what_is_read_is_what_was_written_last(tmp_path: Path) -> None:
    store, spec = FolderObjects(tmp_path), a_spec()
    first = Deployed(Candidate(a_commit(), spec), (), (), (), ())
    second = replace(first, candidate=replace(first.candidate, commit=a_commit(sha="b" * 40)))
    assert read_live(store, spec) is None
    for written in (first, second, first):
        write_live(store, written)
        assert read_live(store, spec) == written
