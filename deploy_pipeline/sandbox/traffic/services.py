"""The requests of users to a service: through its load balancer's production listener, one after another, counted."""

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.load_balancers import Address, LoadBalancers
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.sandbox.state import write_whole
from deploy_pipeline.sandbox.traffic.plan import ServicePlan

SHOWN = 20
SECONDS = 10.0
GOOD = range(200, 300)


@dataclass
class ServiceTraffic:
    """Requests to one listener. They are counted from the first good answer on: before it, nothing is deployed."""

    load_balancers: LoadBalancers
    web: Web
    plan: ServicePlan
    requests: int = 0
    failed: int = 0
    failures: list[str] = field(default_factory=list)
    address: Address | None = None

    def once(self) -> None:
        """Send one request and count its answer."""
        try:
            to = self.address or self.load_balancers.address(self.plan.load_balancer, self.plan.port)
            status = self.web.call("GET", to.url + self.plan.path, headers=to.headers, timeout=SECONDS).status
            self.address = to
            self._count(str(status), good=status in GOOD)
        except DeployError as error:
            self.address = None  # it may be another load balancer by now
            self._count(str(error), good=False)

    def _count(self, said: str, *, good: bool) -> None:
        if good or self.requests:
            self.requests += 1
        if not good and self.requests:
            self.failed += 1
            self.failures = [*self.failures, f"{datetime.now(UTC):%H:%M:%S.%f} {said}"][-SHOWN:]

    def counted(self) -> dict[str, Any]:
        """Requests, how many of them had no good answer, and the last of these."""
        return {"requests": self.requests, "failed": self.failed, "failures": self.failures}


def send_for_ever(traffics: list[ServiceTraffic], file: Path) -> None:
    """Send to each its requests of every second, and write what was counted into `file`, as JSON by listener."""
    while True:
        began = time.monotonic()
        for each in traffics:
            for number in range(each.plan.per_second):
                each.once()
                time.sleep(max(0.0, began + (number + 1) / each.plan.per_second - time.monotonic()))
        write_whole(file, json.dumps({each.plan.name: each.counted() for each in traffics}, indent=2))
