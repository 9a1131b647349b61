"""Reading the fields of a request body, each refused as GitHub refuses it. Knows no endpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from deploy_pipeline.sandbox.github_double.errors import invalid_request, validation_failed

_MISSING = object()


@dataclass(frozen=True)
class Fields:
    """The body of a request that makes or changes a `resource` (GitHub's name for it in error bodies)."""

    resource: str
    body: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        return name in self.body

    def required_text(self, name: str) -> str:
        """A text that must be there and not be blank."""
        if self.body.get(name, _MISSING) is _MISSING:
            raise invalid_request(f'"{name}" wasn\'t supplied.')
        value = self.text(name)
        if value is None or not value.strip():
            raise validation_failed(self.resource, name, code="missing_field")
        return value

    def text(self, name: str, *, maximum: int | None = None) -> str | None:
        """A text of at most `maximum` characters; None when it is absent or null."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise invalid_request(f"For 'properties/{name}', {value!r} is not a string.")
        if value is not None and maximum is not None and len(value) > maximum:
            message = f"{name} is too long (maximum is {maximum} characters)"
            raise validation_failed(self.resource, name, message=message)
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of `allowed`; without a default the field must be there."""
        value = self.text(name) if name in self.body or default is not None else self.required_text(name)
        chosen = default if value is None else value
        if chosen is None or chosen not in allowed:
            raise validation_failed(self.resource, name, message=f"{name} is not included in the list")
        return chosen

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean."""
        value = self.body.get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise invalid_request(f"For 'properties/{name}', {value!r} is not a boolean.")
        return value

    def url(self, name: str) -> str | None:
        """An http(s) address; an empty one counts as absent."""
        value = self.text(name)
        if value and urlsplit_scheme(value) not in ("http", "https"):
            raise validation_failed(self.resource, name, message=f"{name} must use http(s) scheme")
        return value or None

    def moment(self, name: str) -> str | None:
        """An ISO 8601 time, as it was sent."""
        value = self.text(name)
        if value is not None:
            try:
                datetime.fromisoformat(value)
            except ValueError:
                raise invalid_request(f"For 'properties/{name}', {value!r} is not a valid date-time.") from None
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of texts; None when it is absent or null."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid_request(f"For 'properties/{name}', {value!r} is not an array of strings.")
        return value

    def part(self, name: str) -> "Fields | None":
        """A nested object; None when it is absent or null."""
        value = self.body.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise invalid_request(f"For 'properties/{name}', {value!r} is not an object.")
        return Fields(self.resource, value)


def urlsplit_scheme(address: str) -> str:
    """The scheme of an address; empty for what is no address at all."""
    try:
        return urlsplit(address).scheme
    except ValueError:
        return ""
