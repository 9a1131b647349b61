"""A web of addresses whose answers were given beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy_pipeline.gateways.web import NO_HEADERS, Answer, Web, WebUnreachable


@dataclass(frozen=True)
class Call:
    """A recorded request."""

    method: str
    url: str
    headers: dict[str, str]
    body: str | None


class FakeWeb(Web):
    """`answers` maps a URL to its answer, or to several in turn of which the last one stays; None is no answer at all.

    A URL that is not there is unreachable.
    """

    def __init__(self, answers: Mapping[str, Answer | Sequence[Answer | None] | None] | None = None) -> None:
        self._answers = {url: self._listed(each) for url, each in (answers or {}).items()}
        self.calls: list[Call] = []

    def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = NO_HEADERS,
        body: str | None = None,
        timeout: float = 10,
    ) -> Answer:
        self.calls.append(Call(method, url, dict(headers), body))
        answers = self._answers.get(url, [None])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer is None:
            raise WebUnreachable("no answer: connection refused", where=f"{method} {url}", retryable=True)
        return answer

    @staticmethod
    def _listed(given: Answer | Sequence[Answer | None] | None) -> list[Answer | None]:
        return [given] if given is None or isinstance(given, Answer) else list(given)
