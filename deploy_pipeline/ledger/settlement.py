"""Brings a deployment that stopped somewhere to its end: finished where it is live, and undone where it is not."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy_pipeline.core.candidate import PushedImage
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Outcome, ended, is_live
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.core.spec import ServiceSpec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.ledger.fence import Check, fenced
from deploy_pipeline.ledger.lease import LeaseLost
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline.rollout.blue_green import drain
from deploy_pipeline.rollout.function_traffic import FunctionTraffic
from deploy_pipeline.rollout.service_colours import colours_of
from deploy_pipeline.rollout.service_health import ServiceHealth
from deploy_pipeline.rollout.service_return import return_service

LATEST = "latest"


@dataclass(frozen=True)
class Settlement:
    """`log` gets what is done. It can be done again from its start at any time: it looks at the world first."""

    ledger: Ledger
    functions: Functions
    services: Services
    load_balancers: LoadBalancers
    ecr: Ecr
    web: Web
    locks: StackLock
    clock: Clock
    log: Callable[[str], None]

    def settle(self, name: str, check: Check, outcome: Outcome) -> None:
        """Bring the deployment to its end. Raises DeployError where that is not possible now: it stays open then.

        `check` is asked before each change; `outcome` is what becomes of it where it has to be undone.
        """
        deployment = self.ledger.deployment(name)
        if deployment is None or deployment.outcome is not None:
            return
        check()
        if is_live(deployment, self.ledger.head().head):
            reason = self._finished(deployment, check)
            self._end(deployment, "live", reason)
        else:
            self._end(deployment, outcome, self._undone(deployment, check))

    def _end(self, deployment: Deployment, outcome: Outcome, reason: str) -> None:
        self.log(f"{deployment.id}: {outcome}, {reason}")
        now = self.clock.now()
        self.ledger.change_deployment(deployment.id, lambda found: ended(found, outcome, reason, now))

    def _finished(self, deployment: Deployment, check: Check) -> str:
        """What comes after a deployment is live: the images' pointers, and the tasks that served before."""
        deployed, health = self.ledger.deployed(deployment.id), self._health(check)
        trouble = [
            pointed(fenced(self.ecr, check, self.clock), image) for image in (deployed.images if deployed else ())
        ]
        trouble += [drained(health, move.spec) for move in deployment.services]
        return "; ".join(["it was live when its run ended", *filter(None, trouble)])

    def _undone(self, deployment: Deployment, check: Check) -> str:
        """Have what served before serve again, in the reverse order. What cannot be is raised when all was tried."""
        trouble = list(self._functions_returned(deployment, check))
        health = self._health(check)
        for move in reversed(deployment.services):
            try:
                return_service(health, move)
            except DeployError as error:
                trouble.append(str(error))
        for stack in deployment.stacks:
            try:
                self.locks.settle(stack, check)
            except DeployError as error:
                trouble.append(str(error))
        if trouble:
            raise DeployError(
                "; ".join(trouble), where=f"settling {deployment.id}",
                todo="end what keeps it from that, then `deploy-pipeline reconcile`; nothing is deployed before",
            )  # fmt: skip
        moved = [*(each.name for each in deployment.functions), *(each.name for each in deployment.services)]
        return f"what served before serves again ({', '.join(moved)})" if moved else "nothing had been moved"

    def _functions_returned(self, deployment: Deployment, check: Check) -> tuple[str, ...]:
        moves = [
            PublishedFunction(each.name, each.function_name, each.alias, each.candidate, each.stable, "", "")
            for each in deployment.functions
        ]
        return FunctionTraffic(fenced(self.functions, check, self.clock), moves, self.log).give_back(always=True)

    def _health(self, check: Check) -> ServiceHealth:
        services, balancers = (fenced(self.services, check, self.clock), fenced(self.load_balancers, check, self.clock))
        return ServiceHealth(services, balancers, self.web, self.clock, self.log)


def pointed(ecr: Ecr, image: PushedImage) -> str:
    """Have `latest` point at an image that serves; what keeps it from that, in words."""
    with tolerated() as trouble:
        ecr.move_tag(image.repository, image.digest, LATEST)
    return "".join(trouble)


def drained(health: ServiceHealth, spec: ServiceSpec) -> str:
    """Remove the tasks that served before; what keeps it from that, in words."""
    with tolerated() as trouble:
        colours = colours_of(health, spec)
        if colours is not None:
            drain(colours)
    return "".join(trouble)


@contextmanager
def tolerated() -> Iterator[list[str]]:
    """What is live stays live without this: trouble that does not pass by itself is told, and keeps nobody waiting."""
    found: list[str] = []
    try:
        yield found
    except LeaseLost:
        raise
    except DeployError as error:
        if error.retryable:
            raise
        found.append(str(error))
