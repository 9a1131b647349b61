"""Ports, with real sockets on loopback."""

import socket

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.ports import LOOPBACK, free_port, is_listening, is_local


def test_free_port_gives_the_preferred_one_when_it_is_free() -> None:
    preferred = free_port()

    assert free_port([LOOPBACK], preferred) == preferred


def test_free_port_gives_another_one_when_the_preferred_one_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        assert free_port([LOOPBACK], taken.getsockname()[1]) != taken.getsockname()[1]


def test_free_port_refuses_addresses_that_this_machine_does_not_have() -> None:
    with pytest.raises(DeployError, match="no port is free"):
        free_port([LOOPBACK, "192.0.2.77"])


def test_is_listening_tells_an_open_port_from_a_closed_one() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert is_listening(LOOPBACK, port)
    assert not is_listening(LOOPBACK, port)


def test_is_local_knows_own_addresses() -> None:
    assert is_local(LOOPBACK)
    assert not is_local("192.0.2.77")
