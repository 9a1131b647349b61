"""Plain HTTP calls to what was deployed: smoke tests and health paths. Not a client for any vendor's API."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.certificates import trusted_certificates
from deploy_pipeline.gateways.clock import Clock

LONGEST_BODY = 64 * 1024
MALFORMED_TODO = "correct the URL, and see that no header holds a line break"
UNREACHABLE_TODO = "is it running, and may this machine reach it?"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class WebUnreachable(DeployError):
    """Nothing answered: the connection was refused, dropped or took too long."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `body` is text, cut to 64 KiB."""

    status: int
    body: str


class Web(ABC):
    """The way to any HTTP address."""

    @abstractmethod
    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: str | None = None,
        timeout: float = 10,
    ) -> Answer:
        """Call once, follow no redirects. Every status is an answer; none in `timeout` seconds is `WebUnreachable`."""


class HttpWeb(Web):
    """HTTP through httpx. Nothing is repeated: the caller knows whether it may be."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tls = trusted_certificates()

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: str | None = None,
        timeout: float = 10,
    ) -> Answer:
        deadline = self._clock.monotonic() + timeout
        try:
            with httpx.stream(method, url, headers=headers, content=body, timeout=timeout, verify=self._tls) as answer:
                return Answer(answer.status_code, self._beginning(answer, deadline))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            # The library's message may quote a header, and a header may hold an API key.
            raise DeployError("the request is malformed", where=f"{method} {url}", todo=MALFORMED_TODO) from error
        except (httpx.RequestError, TimeoutError) as error:
            what = f"no answer: {str(error) or type(error).__name__}"
            raise WebUnreachable(what, where=f"{method} {url}", todo=UNREACHABLE_TODO, retryable=True) from error

    def _beginning(self, answer: httpx.Response, deadline: float) -> str:
        """The first 64 KiB as text. httpx limits the wait for each piece only, and a server may drip for ever."""
        body = b""
        for piece in answer.iter_bytes():
            body += piece
            if len(body) >= LONGEST_BODY:
                break
            if self._clock.monotonic() > deadline:
                raise TimeoutError("the answer did not end in time")
        return body[:LONGEST_BODY].decode(answer.encoding or "utf-8", errors="replace")
