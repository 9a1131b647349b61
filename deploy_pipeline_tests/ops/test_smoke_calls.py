"""Smoke tests of every kind, over fakes."""

from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.functions import AliasState, Invocation
from deploy_pipeline.gateways.services import RunningTask, ServiceState
from deploy_pipeline.gateways.web import Answer
from deploy_pipeline.ops.smoke import mapping_key
from deploy_pipeline.ops.smoke_calls import SmokeCalls
from deploy_pipeline_tests.fakes.fake_api_gateway import FakeApiGateway
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions
from deploy_pipeline_tests.fakes.fake_knowledge_base import FakeKnowledgeBases
from deploy_pipeline_tests.fakes.fake_services import FakeServices, Look
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import a_deployed

API = "https://x.execute-api.us-east-1.amazonaws.com/v1"
TASK = RunningTask("arn:task/t1", "arn:td/1", "RUNNING", "HEALTHY", "10.0.0.9", "")
FUNCTION, SERVICE, HTTP, KNOWLEDGE = a_deployed().candidate.spec.smoke_tests


def calls(**fakes: Any) -> SmokeCalls:
    answered = Invocation(200, '{"body": "s3_path"}', None, "3", "")
    given: dict[str, Any] = {
        "functions": FakeFunctions(
            {}, {("ml-data-prep", "live"): AliasState("3", "r", {})}, {("ml-data-prep", "3"): answered}
        ),
        "services": FakeServices({("ml", "ml-inference"): [Look(ServiceState("arn:td/1", 1, 1, 0, "", ""), (TASK,))]}),
        "web": FakeWeb({f"{API}/v1/health": Answer(200, "ok"), "http://10.0.0.9:8080/health": Answer(200, "ok")}),
        "api_gateway": FakeApiGateway({"key1": "the-key"}),
        "knowledge_bases": FakeKnowledgeBases({"KB1": ("a passage",)}),
        "clock": FakeClock(),
    }
    return SmokeCalls(**(given | fakes))


@pytest.mark.parametrize(
    ("test", "detail"),
    [
        (FUNCTION, "status 200, version 3"),
        (SERVICE, "1 of 1 answered"),
        (HTTP, "status 200"),
        (KNOWLEDGE, "1 passages, at least 0 expected"),
    ],
)
def test_run_passes(test: Any, detail: str) -> None:
    judgement = calls().run(test, a_deployed())
    assert (judgement.passed, judgement.detail) == (True, detail)


def test_run_function_that_raised_fails_with_its_error() -> None:
    broken = Invocation(200, "", "KeyError: 'bucket'", "3", "")
    functions = FakeFunctions({}, {}, {("ml-data-prep", "live"): broken})
    judgement = calls(functions=functions).run(FUNCTION, a_deployed())
    assert (judgement.passed, judgement.detail) == (False, "ml-data-prep:live raised: KeyError: 'bucket'")


def test_run_http_sends_the_key_and_shows_it_nowhere() -> None:
    web = FakeWeb({f"{API}/v1/health": Answer(403, '{"message":"Forbidden"}')})
    judgement = calls(web=web).run(HTTP, a_deployed())
    assert web.calls[0].headers == {"x-api-key": "the-key"}
    assert judgement.detail == 'status 403, expected 200: {"message":"Forbidden"}'


def test_run_http_unreachable_is_asked_again_and_then_fails() -> None:
    clock = FakeClock()
    judgement = calls(web=FakeWeb(), clock=clock).run(HTTP, a_deployed())
    assert not judgement.passed
    assert judgement.detail.startswith("no answer within 30 s")
    assert sum(clock.slept) == 30


def test_run_service_without_tasks_fails() -> None:
    nothing = FakeServices({("ml", "ml-inference"): [Look(ServiceState("arn:td/1", 1, 0, 0, "COMPLETED", ""))]})
    assert calls(services=nothing).run(SERVICE, a_deployed()).detail == "nothing is running that could answer"


def test_run_knowledge_base_with_too_few_passages_fails() -> None:
    test = KNOWLEDGE.model_copy(update={"minimum_results": 2})
    assert not calls().run(test, a_deployed()).passed


def test_run_missing_output_says_what_to_declare() -> None:
    test = HTTP.model_copy(update={"url_output": "nowhere"})
    with pytest.raises(DeployError, match="no output 'nowhere'"):
        calls().run(test, a_deployed())


def test_mapping_key_has_only_what_dagster_allows() -> None:
    assert mapping_key("api-health/v1 ä") == "api_health_v1__"
