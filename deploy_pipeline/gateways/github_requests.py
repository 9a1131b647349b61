"""Asking GitHub's REST API one question, again after an outage, or a list page by page. Knows no endpoint."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import GitHubUnavailable
from deploy_pipeline.gateways.github_clients import GitHubSettings, installation_client
from deploy_pipeline.gateways.github_errors import moved, taught

if TYPE_CHECKING:
    from githubkit import GitHub as Client
    from githubkit import Response

T = TypeVar("T")

ATTEMPTS = 3
PAGE_SIZE = 100


class Requests:
    """Questions in the name of the credentials in `settings`. What they say when refused is a `DeployError`."""

    def __init__(self, settings: GitHubSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._client = installation_client(settings)

    def ask(
        self,
        method: str,
        url: str,
        where: str,
        model: type[T],
        *,
        attempts: int = ATTEMPTS,
        client: "Client[Any] | None" = None,
        **request: Any,
    ) -> "Response[T]":
        """Ask, and read the answer as `model`; `where` is for the error. Redirects and bad answers are errors too."""
        retrying = Retrying(
            sleep=self._clock.sleep,
            stop=stop_after_attempt(attempts),
            wait=wait_exponential(multiplier=0.5, max=4) + wait_random(0, 0.5),
            retry=retry_if_exception(_is_outage),
            reraise=True,
        )
        return retrying(self._ask_once, client or self._client, method, url, where, model, request)

    def pages(
        self,
        url: str,
        where: str,
        model: type[T],
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> "Iterator[Response[T]]":
        """The pages of a list as they are taken, up to the last one; `headers` go with the first question only."""
        page = 1
        while True:
            sent = {**(params or {}), "per_page": PAGE_SIZE, "page": page}
            first = headers or {} if page == 1 else {}
            answer = self.ask("GET", url, where, model, params=sent, headers=first)
            yield answer
            if not has_next(answer):
                return
            page += 1

    def _ask_once(
        self, client: "Client[Any]", method: str, url: str, where: str, model: type[T], request: dict[str, Any]
    ) -> "Response[T]":
        from githubkit.exception import GitHubException  # noqa: PLC0415 - slow to import

        try:
            answer = client.request(method, url, response_model=model, **request)
            if answer.is_success and answer.status_code != HTTPStatus.NO_CONTENT:
                _ = answer.parsed_data  # parsed once and kept: what does not fit is told of here
        except GitHubException as error:
            raise taught(error, where, self._clock.now()) from error
        except ValidationError as error:
            todo = "is GITHUB_API_URL the address of GitHub's REST API?"
            raise DeployError("the answer is not one of GitHub's", where=where, todo=todo) from error
        if not answer.is_success and answer.status_code != HTTPStatus.NOT_MODIFIED:
            raise moved(where)
        return answer


def has_next(answer: "Response[Any]") -> bool:
    """Whether GitHub names a page after this one."""
    return 'rel="next"' in answer.headers.get("link", "")


def _is_outage(error: BaseException) -> bool:
    """Whether trying again soon may help. A rate limit has its own time, and the caller is told of it."""
    return isinstance(error, GitHubUnavailable) and error.retry_at is None
