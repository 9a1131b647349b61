"""Pushes over a server that answers like a broken engine, and what its errors mean."""

import base64
import json

import pytest
from docker.errors import DockerException
from urllib3.exceptions import ProtocolError

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.docker_api import docker_api
from deploy_pipeline_tests.gateways.docker_case import DIGEST, LOGIN, PUSHED, REFERENCE, engine


def test_push_gives_the_digest_and_sends_the_login_in_a_header_only() -> None:
    with docker_api(PUSHED) as api:
        assert engine(api.host).push(REFERENCE, LOGIN) == DIGEST
    path, headers = api.posts[0]
    assert "/images/registry.example.com/acme/app/push?tag=1" in path
    sent = json.loads(base64.urlsafe_b64decode(headers["X-Registry-Auth"]))
    assert sent == {"username": "AWS", "password": "s3cret", "serveraddress": "registry.example.com"}
    assert "s3cret" not in repr(LOGIN)


@pytest.mark.parametrize(
    "trouble",
    [
        (500, [{"message": "something in the engine"}]),
        (200, [{"error": "received unexpected HTTP status: 503 Service Unavailable"}]),
        (200, [{"error": "Put https://r/v2/: net/http: TLS handshake timeout"}]),
        (200, [{"error": "toomanyrequests: Rate exceeded"}]),
        (200, [{"status": "Preparing"}]),
    ],
)
def test_push_tries_again_after_trouble_that_passes(trouble: tuple[int, list[dict[str, str]]]) -> None:
    clock = FakeClock()
    with docker_api(trouble, trouble, PUSHED) as api:
        assert engine(api.host, clock).push(REFERENCE, LOGIN) == DIGEST
    assert len(clock.slept) == 2


@pytest.mark.parametrize(
    ("refusal", "todo"),
    [
        ((200, [{"error": "denied: User is not authorized to perform: ecr:InitiateLayerUpload"}]), "may push"),
        ((200, [{"error": "no basic auth credentials"}]), "may push"),
        (
            (200, [{"error": "name unknown: The repository with name 'acme/app' does not exist"}]),
            "create the registry's",
        ),
        ((404, [{"message": "An image does not exist locally with the tag: app"}]), "engine complains"),
    ],
)
def test_push_does_not_try_a_refusal_again(refusal: tuple[int, list[dict[str, str]]], todo: str) -> None:
    with docker_api(refusal) as api, pytest.raises(DeployError) as caught:
        engine(api.host).push(REFERENCE, LOGIN)
    assert (todo in caught.value.todo, caught.value.retryable, len(api.posts)) == (True, False, 1)
    assert "s3cret" not in str(caught.value)


def test_push_gives_up_after_four_tries() -> None:
    trouble = (200, [{"error": "connection reset by peer"}])
    with docker_api(*[trouble] * 4) as api, pytest.raises(DeployError) as caught:
        engine(api.host).push(REFERENCE, LOGIN)
    assert (caught.value.retryable, len(api.posts)) == (True, 4)


@pytest.mark.parametrize(
    ("error", "what", "retryable"),
    [
        (ProtocolError("Connection broken"), "the connection to the Docker engine at unix:///s broke", True),
        (
            DockerException("Error: ('Connection aborted.', PermissionError(13, 'Permission denied'))"),
            "may not talk",
            False,
        ),
        (
            DockerException("Error: ('Connection aborted.', FileNotFoundError(2, 'No such file'))"),
            "no Docker engine",
            True,
        ),
        (DockerException("invalid tag 'X'"), "invalid tag 'X'", False),
        (OSError("Can not read file in context: /x"), "Can not read file in context", False),
    ],
)
def test_translated_tells_the_sdks_errors_apart(error: Exception, what: str, retryable: bool) -> None:
    with pytest.raises(DeployError, match=what) as caught, translated("build of x", "unix:///s"):
        raise error
    assert (caught.value.retryable, caught.value.todo != "") == (retryable, True)
