"""Messages and sockets."""

import socket
from pathlib import Path

import pytest

from deploy_pipeline.warm.bell import Bell, ring
from deploy_pipeline.warm.state import Job, Kept
from deploy_pipeline.warm.wire import LONGEST, NotWarm, connect, listen, receive, send

SECONDS = 60.0


def test_a_folder_with_a_path_too_long_for_a_socket_is_served(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / ("longer" * 30)
    folder.mkdir(parents=True)
    with listen(folder) as listener, connect(folder, SECONDS) as ours:
        theirs, _ = listener.accept()
        with theirs:
            send(ours, {"word": "ü"})
            assert receive(theirs, SECONDS) == {"word": "ü"}


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(NotWarm, match="no warm server answers"):
        connect(tmp_path, SECONDS)
    with pytest.raises(NotWarm, match="no warm server answers"):
        connect(tmp_path / "missing", SECONDS)
    listen(tmp_path).close()  # as one that was killed leaves it
    with pytest.raises(NotWarm, match=r"no warm server answers \(Connection refused\)"):
        connect(tmp_path, SECONDS)


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        (b"", "has hung up"),
        (b'{"half": ', "has hung up"),
        (b"x" * (LONGEST + 1), "has hung up"),
        (b"x\n", "cannot be read"),
        (b"\xff\xfe\n", "cannot be read"),
        (b"[1]\n", "is not an object"),
    ],
)
def test_what_is_no_message_is_refused(said: bytes, complaint: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * LONGEST)
        theirs.sendall(said)
        theirs.close()
        with pytest.raises(NotWarm, match=complaint):
            receive(ours, SECONDS)


def test_silence_has_an_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(NotWarm, match=r"did not answer within 0\.01 s"):
        receive(ours, 0.01)


def test_what_a_server_knows_is_passed_on(tmp_path: Path) -> None:
    with listen(tmp_path) as listener:
        kept = Kept(listener.fileno(), {7: Job("run", "{}"), 8: Job("other", "{}")}, 9)
        assert Kept.from_descriptor(kept.pass_on()) == kept


def test_a_ring_is_heard_once(tmp_path: Path) -> None:
    with Bell(tmp_path) as bell:
        for _ in range(3):
            ring(tmp_path)
        assert bell.wait(SECONDS)
        assert not bell.wait(0.01)


def test_a_ring_that_nobody_hears_is_no_trouble(tmp_path: Path) -> None:
    ring(tmp_path)
    Bell(tmp_path).__exit__(None, None, None)
    ring(tmp_path)
    ring(tmp_path / "missing")
