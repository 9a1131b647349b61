"""How githubkit is set up: as a token's owner, as an installation of a GitHub App, or as the App itself."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from deploy_pipeline.core.credentials import header_value
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.certificates import trusted_certificates

if TYPE_CHECKING:
    from githubkit import GitHub as Client
    from githubkit.auth import BaseAuthStrategy


@dataclass(frozen=True)
class GitHubSettings:
    """Where GitHub is and who asks: a token, or a GitHub App's id, private key (PEM) and installation. In seconds.

    GitHub lets only Apps write check runs; `check_runs` is for a server that lets a token do so too.
    """

    api_url: str = "https://api.github.com"
    token: str | None = field(default=None, repr=False)
    app_id: str | None = None
    private_key: str | None = field(default=None, repr=False)
    installation_id: int | None = None
    timeout: float = 15
    check_runs: bool = False


def installation_client(settings: GitHubSettings) -> "Client[Any]":
    """Asks as the App's installation where one is given, else as the token's owner."""
    from githubkit import AppInstallationAuthStrategy, TokenAuthStrategy  # noqa: PLC0415 - slow to import

    if settings.app_id and settings.private_key and settings.installation_id:
        auth = AppInstallationAuthStrategy(settings.app_id, _private_key(settings), settings.installation_id)
        return _client(settings, auth)
    if settings.token:
        return _client(settings, TokenAuthStrategy(header_value(settings.token, "GITHUB_TOKEN")))
    todo = "set GITHUB_TOKEN, or GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID"
    raise DeployError("no credentials", where="GitHub", todo=todo)


def app_client(settings: GitHubSettings) -> "Client[Any]":
    """Asks as the App itself, which may ask for tokens of its installations."""
    from githubkit import AppAuthStrategy  # noqa: PLC0415 - slow to import

    return _client(settings, AppAuthStrategy(settings.app_id or "", _private_key(settings)))


def _private_key(settings: GitHubSettings) -> str:
    # A key in an environment variable often has its line breaks written out.
    return (settings.private_key or "").replace("\\n", "\n")


def _client(settings: GitHubSettings, auth: "BaseAuthStrategy") -> "Client[Any]":
    """githubkit without retries, cache and redirects of its own: a redirect would turn a POST into a GET."""
    from githubkit import GitHub as Client  # noqa: PLC0415 - slow to import

    return Client(
        auth,
        base_url=settings.api_url,
        user_agent="deploy-pipeline",
        timeout=settings.timeout,
        ssl_verify=trusted_certificates(),
        follow_redirects=False,
        http_cache=False,
        auto_retry=False,
    )
