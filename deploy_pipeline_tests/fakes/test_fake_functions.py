"""The fake functions."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.functions import AliasState, Invocation
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions, Invoked

ANSWER = Invocation(200, "{}", None, "2", "")


def functions() -> FakeFunctions:
    return FakeFunctions({"f": ("one",)}, {("f", "live"): AliasState("1", "r1", {"2": 0.1})}, {("f", "2"): ANSWER})


def test_publish_is_idempotent() -> None:
    fake = functions()
    first = fake.publish("f", bucket="b", key="k", code_sha256="two", description="d")
    assert first == fake.publish("f", bucket="b", key="k", code_sha256="two", description="d")
    assert (first.version, fake.published) == ("2", [("f", "s3://b/k", "d")])


def test_move_alias_is_fenced_and_clears_routing() -> None:
    fake = functions()
    moved = fake.move_alias("f", "live", version="2", revision_id="r1")
    assert (moved.version, moved.routing, fake.moved) == ("2", {}, [("f", "live", "2")])
    with pytest.raises(DeployError, match="PreconditionFailed"):
        fake.move_alias("f", "live", version="1", revision_id="r1")


def test_invoke_answers_by_the_version_behind_the_alias() -> None:
    fake = functions()
    fake.move_alias("f", "live", version="2", revision_id="r1")
    assert fake.invoke("f", "live", {"a": 1}) == fake.invoke("f", "2", {}) == ANSWER
    assert fake.invoked == [Invoked("f", "live", {"a": 1}), Invoked("f", "2", {})]


def test_what_is_missing() -> None:
    fake = functions()
    for call in (
        lambda: fake.alias("f", "other"),
        lambda: fake.invoke("f", "1", {}),
        lambda: fake.publish("g", bucket="b", key="k", code_sha256="c", description=""),
    ):
        with pytest.raises(DeployError):
            call()
