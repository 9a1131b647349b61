"""The sandbox's record, and the names that follow from its folder."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.processes import ProcessRecord
from deploy_pipeline.sandbox.state import SandboxState, read_state, write_state

STATE = SandboxState(home=Path("/s"), started=datetime(2026, 1, 1, tzinfo=UTC), ports={"ministack": 1}, env={"A": "b"})


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = STATE.with_server("bridge", ProcessRecord(pid=1, started=2))

    write_state(tmp_path / "sandbox.json", state)

    assert read_state(tmp_path / "sandbox.json") == state


def test_state_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    write_state(tmp_path / "sandbox.json", STATE)

    assert (tmp_path / "sandbox.json").stat().st_mode & 0o777 == 0o600


def test_read_state_is_none_without_a_file(tmp_path: Path) -> None:
    assert read_state(tmp_path / "sandbox.json") is None


def test_read_state_says_what_to_do_about_a_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "sandbox.json").write_text('{"home"')

    with pytest.raises(DeployError, match="is damaged") as raised:
        read_state(tmp_path / "sandbox.json")

    assert "down --purge" in raised.value.todo


def test_without_servers_keeps_the_others() -> None:
    record = ProcessRecord(pid=1, started=2)
    state = STATE.with_server("bridge", record).with_server("doubles", record)

    assert state.without_servers(["bridge", "ministack"]).processes == {"doubles": record}


def test_layout_names_follow_from_the_folder_and_nothing_else() -> None:
    one, same, other = Layout(Path("/a/s")), Layout(Path("/a/s")), Layout(Path("/b/s"))

    assert (one.identity, one.marker, one.host_name) == (same.identity, same.marker, same.host_name)
    assert one.identity != other.identity
    assert 20000 <= one.preferred_port < 32000
    assert one.preferred_port == same.preferred_port
