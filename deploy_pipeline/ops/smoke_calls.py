"""Makes the call of a smoke test and has the answer judged. A test that could not be made has failed."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.smoke import Judgement, judge_all, judge_answer
from deploy_pipeline.core.spec import (
    FunctionSmokeTest,
    HttpSmokeTest,
    KnowledgeBaseSmokeTest,
    ServiceSmokeTest,
    SmokeTest,
)
from deploy_pipeline.gateways.api_gateway import ApiGateway
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.knowledge_base import KnowledgeBases
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.waiting import wait_until
from deploy_pipeline.gateways.web import Web, WebUnreachable

REACHABLE_WITHIN_SECONDS = 30.0
POLL_SECONDS = 2.0


@dataclass(frozen=True)
class SmokeCalls:
    """The systems that smoke tests call."""

    functions: Functions
    services: Services
    web: Web
    api_gateway: ApiGateway
    knowledge_bases: KnowledgeBases
    clock: Clock

    def run(self, test: SmokeTest, deployed: Deployed) -> Judgement:
        """Run one test against what was deployed."""
        match test:
            case FunctionSmokeTest():
                return self._function(test, deployed)
            case HttpSmokeTest():
                return self._http(test, deployed)
            case KnowledgeBaseSmokeTest():
                return self._knowledge_base(test, deployed)
            case ServiceSmokeTest():
                return self._service(test, deployed)

    def _function(self, test: FunctionSmokeTest, deployed: Deployed) -> Judgement:
        function = deployed.candidate.spec.functions[test.function]
        return call_function(self.functions, test, function.function_name, function.alias)

    def _http(self, test: HttpSmokeTest, deployed: Deployed) -> Judgement:
        base = stack_output(deployed, test.stack, test.url_output)
        headers = {}
        if test.api_key_output is not None:
            headers["x-api-key"] = self.api_gateway.key_value(stack_output(deployed, test.stack, test.api_key_output))
        url = self.api_gateway.reachable_url(base).rstrip("/") + test.path
        return answered(self.web, self.clock, test, url, headers)

    def _service(self, test: ServiceSmokeTest, deployed: Deployed) -> Judgement:
        service = deployed.candidate.spec.services[test.service]
        live = next(each for each in deployed.services if each.name == test.service)
        found = self.services.tasks(live.cluster, live.service)
        tasks = [task for task in found if task.status == "RUNNING" and task.address]
        urls = {task.arn.rsplit("/", 1)[-1]: f"http://{task.address}:{service.port}{test.path}" for task in tasks}
        return judge_all({name: answered(self.web, self.clock, test, url, {}) for name, url in urls.items()})

    def _knowledge_base(self, test: KnowledgeBaseSmokeTest, deployed: Deployed) -> Judgement:
        passages = self.knowledge_bases.retrieve(stack_output(deployed, test.stack, test.id_output), test.query)
        enough = len(passages) >= test.minimum_results
        return Judgement(enough, f"{len(passages)} passages, at least {test.minimum_results} expected")


def call_function(functions: Functions, test: FunctionSmokeTest, function_name: str, qualifier: str) -> Judgement:
    """Call a function once, by an alias or a version."""
    answer = functions.invoke(function_name, qualifier, dict(test.payload))
    if answer.error is not None:
        return Judgement(False, f"{function_name}:{qualifier} raised: {answer.error}")
    judgement = judge_answer(test.expect, answer.status_code, answer.payload)
    return Judgement(judgement.passed, f"{judgement.detail}, version {answer.executed_version}")


def answered(
    web: Web, clock: Clock, test: HttpSmokeTest | ServiceSmokeTest, url: str, headers: Mapping[str, str]
) -> Judgement:
    """Ask a URL, until something answers; then the answer is judged."""
    trouble: list[str] = []
    method = test.method if isinstance(test, HttpSmokeTest) else "GET"

    def ask() -> Judgement | None:
        try:
            answer = web.call(method, url, headers=headers)
        except WebUnreachable as error:
            trouble.append(str(error))
            return None
        return judge_answer(test.expect, answer.status, answer.body)

    judgement = wait_until(clock, ask, seconds=REACHABLE_WITHIN_SECONDS, every=POLL_SECONDS)
    return judgement or Judgement(False, f"no answer within {REACHABLE_WITHIN_SECONDS:.0f} s: {trouble[-1]}")


def stack_output(deployed: Deployed, stack: str, output: str) -> str:
    """The value of a Terraform output that is not sensitive."""
    for applied in deployed.stacks:
        if applied.name == stack and applied.outputs.get(output):
            return applied.outputs[output]
    raise DeployError(
        f"stack {stack} has no output {output!r} with a value",
        where="smoke test",
        todo=f"declare output {output!r} in the stack (not sensitive), or correct the smoke test in deploy.yaml",
    )
