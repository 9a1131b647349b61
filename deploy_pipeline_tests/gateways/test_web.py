"""Plain HTTP, against a server of the test's own."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.web import LONGEST_BODY, Answer, HttpWeb, WebUnreachable
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.scripted_http import Reply, scripted_http


@pytest.fixture
def web() -> HttpWeb:
    return HttpWeb(SystemClock())


def test_call_sends_headers_and_body(web: HttpWeb) -> None:
    with scripted_http(Reply(201, "grüße")) as server:
        answer = web.call("POST", f"{server.url}/v1?a=1", headers={"x-api-key": "key"}, body="ask")
    assert answer == Answer(201, "grüße")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.headers["x-api-key"], asked.body) == ("POST", "/v1?a=1", "key", "ask")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_every_status_is_an_answer(web: HttpWeb, status: int) -> None:
    with scripted_http(Reply(status, "said", {"Location": "/elsewhere"})) as server:
        assert web.call("GET", server.url) == Answer(status, "said")
    assert len(server.asked) == 1


def test_long_body_is_cut(web: HttpWeb) -> None:
    with scripted_http(Reply(body="x" * (LONGEST_BODY + 1000))) as server:
        assert web.call("GET", server.url).body == "x" * LONGEST_BODY


def test_nothing_listens(web: HttpWeb) -> None:
    with pytest.raises(WebUnreachable, match=r"127\.0\.0\.1:1") as failed:
        web.call("GET", "http://127.0.0.1:1/health")
    assert failed.value.retryable


def test_dropped_connection(web: HttpWeb) -> None:
    with scripted_http(Reply(drop=True)) as server, pytest.raises(WebUnreachable):
        web.call("GET", server.url)


class HurryingClock(FakeClock):
    """A minute passes between any two looks at it."""

    def monotonic(self) -> float:
        self.sleep(60)
        return super().monotonic()


def test_answer_that_does_not_end_in_time() -> None:
    with scripted_http(Reply(body="drip")) as server, pytest.raises(WebUnreachable, match="did not end in time"):
        HttpWeb(HurryingClock()).call("GET", server.url, timeout=10)


@pytest.mark.parametrize("url", ["health", "ftp://host/health", "http://host:port/health"])
def test_malformed_url_is_final(web: HttpWeb, url: str) -> None:
    with pytest.raises(DeployError, match="correct the URL") as failed:
        web.call("GET", url)
    assert not failed.value.retryable


def test_malformed_header_is_not_quoted(web: HttpWeb) -> None:
    with scripted_http(Reply()) as server, pytest.raises(DeployError, match="malformed") as failed:
        web.call("GET", server.url, headers={"x-api-key": "a-secret\n"})
    assert "a-secret" not in str(failed.value)
