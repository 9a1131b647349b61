"""The addresses of the double: of the REST API and of the pages for people."""

from dataclasses import dataclass
from urllib.parse import quote

API_PATH = "/github/api/v3"
SITE_PATH = "/github"


@dataclass(frozen=True)
class Urls:
    """Addresses under one `site`, for example `http://127.0.0.1:8080`."""

    site: str

    @property
    def api(self) -> str:
        """The REST API, without a slash at the end."""
        return self.site + API_PATH

    def api_repository(self, full_name: str, suffix: str = "") -> str:
        """A repository (or something below it) in the REST API."""
        return f"{self.api}/repos/{full_name}{suffix}"

    def page(self, full_name: str, suffix: str = "") -> str:
        """A repository (or something below it) as a page."""
        return f"{self.site}{SITE_PATH}/{quote(full_name)}{suffix}"
