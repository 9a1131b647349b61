"""Smoke tests: one branch of the fan-out calls one thing that was deployed. Any that fails ends the deployment."""

from dataclasses import dataclass

import dagster as dg

from deploy_pipeline.core.candidate import Deployed, SmokeResult
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import SmokeTest
from deploy_pipeline.gateways.api_gateway import ApiGateway
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.knowledge_base import KnowledgeBases
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import NEVER
from deploy_pipeline.ops.smoke_calls import SmokeCalls


@dataclass(frozen=True)
class SmokeTask:
    """One smoke test of a release: a branch of the fan-out."""

    deployed: Deployed
    index: int

    @property
    def test(self) -> SmokeTest:
        """The test's part of the spec."""
        return self.deployed.candidate.spec.smoke_tests[self.index]


@dg.op(retry_policy=NEVER, out=dg.DynamicOut(SmokeTask), description="One branch for each smoke test of the spec.")
def fan_out_smoke_tests(deployed: Deployed) -> list[dg.DynamicOutput[SmokeTask]]:
    """One branch for each smoke test of the spec."""
    tests = deployed.candidate.spec.smoke_tests
    return [
        dg.DynamicOutput(SmokeTask(deployed, index), mapping_key=mapping_key(test.name))
        for index, test in enumerate(tests)
    ]


def mapping_key(name: str) -> str:
    """Dagster allows letters, digits and underscores in the key of a branch."""
    return "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in name)


@dg.op(retry_policy=NEVER, tags={"dagster/kind": "test"})
@stage
def smoke_test(
    context: dg.OpExecutionContext,
    task: SmokeTask,
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
    web: dg.ResourceParam[Web],
    api_gateway: dg.ResourceParam[ApiGateway],
    knowledge_bases: dg.ResourceParam[KnowledgeBases],
    clock: dg.ResourceParam[Clock],
) -> SmokeResult:
    """Call one thing that is live and compare its answer with what the spec expects."""
    started = clock.monotonic()
    calls = SmokeCalls(functions, services, web, api_gateway, knowledge_bases, clock)
    judgement = calls.run(task.test, task.deployed)
    if not judgement.passed:
        raise DeployError(
            judgement.detail,
            where=f"smoke test {task.test.name}",
            todo="look at the logs of what was called; what a deployment has moved goes back by itself",
        )
    context.add_output_metadata({"test": task.test.name, "detail": judgement.detail})
    return SmokeResult(task.test.name, True, judgement.detail, clock.monotonic() - started)
