"""Refusals in the words and shapes of GitHub's REST API. The endpoints raise them, `gate` answers with them."""

from http import HTTPStatus
from typing import Any

DOCUMENTATION = "https://docs.github.com/rest"


class ApiError(Exception):
    """A refusal: an HTTP status, GitHub's message and, for a 422, which fields are wrong."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}
        super().__init__(message)

    def body(self) -> dict[str, Any]:
        """The JSON body; `errors` is only there when there are some, as on GitHub."""
        errors = {"errors": self.errors} if self.errors else {}
        return {"message": self.message, **errors, "documentation_url": DOCUMENTATION, "status": str(self.status)}


def not_found(message: str = "Not Found") -> ApiError:
    """404."""
    return ApiError(HTTPStatus.NOT_FOUND, message)


def empty_repository() -> ApiError:
    """409, what GitHub says about the commits of a repository without any."""
    return ApiError(HTTPStatus.CONFLICT, "Git Repository is empty.")


def no_commit(name: str) -> ApiError:
    """422 for a name that is no commit."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {name}")


def invalid_request(problem: str) -> ApiError:
    """422 for a body that does not have the documented shape."""
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, f"Invalid request.\n\n{problem}")


def validation_failed(resource: str, field: str, *, code: str = "custom", message: str = "") -> ApiError:
    """422 for a field whose value is not acceptable."""
    error = {"resource": resource, "code": code, "field": field, **({"message": message} if message else {})}
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", [error])
