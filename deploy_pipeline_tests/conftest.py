"""For every test: nothing leaves this machine, and no credential of its user is seen."""

import ipaddress
import os
import sys
from collections.abc import Iterator

import pytest

collect_ignore = ["data"]  # a repository of its own, with tests that are run in a box
PRIVATE_VARIABLES = ("AWS_", "GITHUB_", "SLACK_", "DEPLOY_PIPELINE_", "TF_VAR_", "DAGSTER_")
KEPT = ("AWS_CA_BUNDLE",)


class LeftTheMachine(BaseException):
    """A test tried to reach something that is not on this machine. No `except Exception` hides it."""


def is_here(host: str) -> bool:
    """Whether a host is this machine: a loopback or private address, or a name that always means loopback."""
    if host in {"", "localhost"} or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    # Link-local is where a cloud machine's credentials are handed out.
    return address.is_loopback or address.is_unspecified or (address.is_private and not address.is_link_local)


def refuse_to_leave(event: str, arguments: tuple[object, ...]) -> None:
    """Python tells every connection and every look-up of a name to its audit hooks, whichever library makes it."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
    if not is_here(name):
        raise LeftTheMachine(f"a test tried to reach {name}")


sys.addaudithook(refuse_to_leave)


@pytest.fixture(autouse=True, scope="session")
def no_credentials_of_the_user() -> Iterator[None]:
    """Take what points at real accounts out of the environment for the time of the tests."""
    private = [name for name in os.environ if name.startswith(PRIVATE_VARIABLES) and name not in KEPT]
    taken = {name: os.environ.pop(name) for name in private}
    yield
    os.environ.update(taken)
