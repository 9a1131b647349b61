"""The fake web."""

import pytest

from deploy_pipeline.gateways.web import Answer, WebUnreachable
from deploy_pipeline_tests.fakes.fake_web import Call, FakeWeb

OK = Answer(200, "ok")


def test_answers_come_in_turn() -> None:
    fake = FakeWeb({"http://one": OK, "http://two": [None, Answer(503, ""), OK]})
    assert fake.call("GET", "http://one", headers={"a": "b"}) == OK
    with pytest.raises(WebUnreachable):
        fake.call("GET", "http://two")
    assert [fake.call("POST", "http://two", body="x").status for _ in range(3)] == [503, 200, 200]
    assert fake.calls[0] == Call("GET", "http://one", {"a": "b"}, None)
    assert fake.calls[-1] == Call("POST", "http://two", {}, "x")


def test_unknown_address_is_unreachable() -> None:
    with pytest.raises(WebUnreachable, match="http://three"):
        FakeWeb().call("GET", "http://three")
