"""Asking GitHub as a GitHub App: one installation token for many questions."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.github_api import TOKEN_SECONDS, GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, scripted_http

INSTALLATION = Reply(
    201, json.dumps({"token": "ghs_installation", "expires_at": "2099-01-01T00:00:00Z", "permissions": {}})
)
CLONE = Reply(200, json.dumps({"clone_url": "https://github.test/acme/app.git"}))


@pytest.fixture(scope="module")
def key() -> str:
    made = generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def test_installation_token_is_asked_for_once(clock: FakeClock, key: str) -> None:
    written_out = key.replace("\n", "\\n")
    with scripted_http(INSTALLATION, CLONE) as server:
        settings = GitHubSettings(server.url, app_id="once", private_key=written_out, installation_id=7)
        github = GitHubApi(settings, clock)
        for name in ("app", "web", "app"):
            assert github.clone_url(f"acme/{name}") == "https://github.test/acme/app.git"
    asked = [each.path for each in server.asked]
    assert asked == ["/app/installations/7/access_tokens", "/repos/acme/app", "/repos/acme/web"]
    assert server.asked[0].headers["authorization"].startswith("Bearer ey")
    assert [each.headers["authorization"] for each in server.asked[1:]] == ["token ghs_installation"] * 2


def test_installation_that_github_does_not_know(clock: FakeClock, key: str) -> None:
    with scripted_http(Reply(404, '{"message": "Integration not found"}')) as server:
        settings = GitHubSettings(server.url, app_id="unknown", private_key=key, installation_id=7)
        with pytest.raises(DeployError, match="404: Integration not found") as refused:
            GitHubApi(settings, clock).clone_url("acme/app")
    assert not refused.value.retryable


def test_private_key_that_is_none(clock: FakeClock) -> None:
    settings = GitHubSettings("http://127.0.0.1:1", app_id="bad", private_key="a-secret", installation_id=7)
    with pytest.raises(DeployError, match="GITHUB_TOKEN, or the GitHub App's id, key") as refused:
        GitHubApi(settings, clock).clone_url("acme/app")
    assert "a-secret" not in str(refused.value)
    assert not refused.value.retryable


def test_clone_token_of_an_app_is_one_of_its_installation(clock: FakeClock, key: str) -> None:
    with scripted_http(INSTALLATION) as server:
        settings = GitHubSettings(server.url, app_id="clone", private_key=key, installation_id=7)
        assert GitHubApi(settings, clock).clone_token() == "ghs_installation"
    assert [asked.path for asked in server.asked] == ["/app/installations/7/access_tokens"]


def test_clone_token_of_an_app_is_used_again_for_a_while(clock: FakeClock, key: str) -> None:
    """Every step of a deployment asks for it."""
    with scripted_http(INSTALLATION) as server:
        github = GitHubApi(GitHubSettings(server.url, app_id="again", private_key=key, installation_id=7), clock)
        assert github.clone_token() == github.clone_token()
        assert len(server.asked) == 1
        clock.sleep(TOKEN_SECONDS)
        github.clone_token()
        assert len(server.asked) == 2


def test_clone_token_of_a_token_is_the_token(clock: FakeClock) -> None:
    assert GitHubApi(GitHubSettings("http://127.0.0.1:1", token="ghp_1"), clock).clone_token() == "ghp_1"
