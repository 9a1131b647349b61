"""The guard that keeps tests on this machine."""

import socket
import urllib.request

import boto3
import pytest

from deploy_pipeline_tests.conftest import LeftTheMachine, is_here


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("x.localhost", True),
        ("172.17.0.5", True),
        ("8.8.8.8", False),
        ("example.com", False),
        ("localhost.example.com", False),
        ("169.254.169.254", False),
    ],
)
def test_is_here(host: str, expected: bool) -> None:
    assert is_here(host) is expected


def test_a_connection_to_an_address_elsewhere_is_refused() -> None:
    with socket.socket() as connection, pytest.raises(LeftTheMachine, match=r"8\.8\.8\.8"):
        connection.connect(("8.8.8.8", 53))


def test_a_name_elsewhere_is_not_even_looked_up() -> None:
    with pytest.raises(LeftTheMachine, match=r"example\.com"):
        urllib.request.urlopen("http://example.com/", timeout=1)


def test_real_aws_cannot_be_called() -> None:
    client = boto3.client("s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
    with pytest.raises(LeftTheMachine, match=r"amazonaws\.com"):
        client.list_buckets()
