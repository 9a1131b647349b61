"""Which certificate authorities are trusted, read once in a process: reading them takes longer than most calls."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ssl import SSLContext


@cache
def trusted_certificates() -> "SSLContext":
    """What HTTP clients check a server's certificate against."""
    import httpx  # noqa: PLC0415 - slow to import

    return httpx.create_ssl_context()
