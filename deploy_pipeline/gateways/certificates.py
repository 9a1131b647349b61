"""Which certificate authorities are trusted, read once in a process: reading them takes longer than most calls."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLContext


def trusted_file(environment: Mapping[str, str]) -> str:
    """The file that they are read from."""
    import certifi  # noqa: PLC0415 - only where the service starts

    return environment.get("SSL_CERT_FILE") or certifi.where()


@cache
def trusted_certificates() -> "SSLContext":
    """What HTTP clients check a server's certificate against."""
    import httpx  # noqa: PLC0415 - slow to import

    return httpx.create_ssl_context()
