"""Load balancers in memory, whose answers unfold one look at a time."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.load_balancers import Address, Forward, LoadBalancers, Target

Look = TypeVar("Look")


class FakeLoadBalancers(LoadBalancers):
    """`targets` maps a target group to what each question shows in turn; the last one stays.

    `forwards` does the same for (load balancer, port).
    """

    def __init__(
        self,
        targets: Mapping[str, Sequence[tuple[Target, ...]]] | None = None,
        forwards: Mapping[tuple[str, int], Sequence[tuple[Forward, ...]]] | None = None,
    ) -> None:
        self._targets = {name: list(looks) for name, looks in (targets or {}).items()}
        self.sent: list[tuple[str, int, dict[str, int]]] = []
        self._forwards = {name: list(looks) for name, looks in (forwards or {}).items()}

    def targets(self, target_group: str) -> tuple[Target, ...]:
        if target_group not in self._targets:
            raise DeployError(
                "there is no such target group", where=f"target group {target_group}", todo="terraform apply"
            )
        return _next(self._targets[target_group])

    def forwards(self, load_balancer: str, port: int) -> tuple[Forward, ...]:
        if (load_balancer, port) not in self._forwards:
            raise DeployError(
                f"there is no listener on port {port}", where=f"load balancer {load_balancer}", todo="terraform apply"
            )
        return _next(self._forwards[load_balancer, port])

    def address(self, load_balancer: str, port: int) -> Address:
        return Address(f"http://{load_balancer}.test:{port}")

    def send(self, load_balancer: str, port: int, weights: Mapping[str, int]) -> None:
        self.forwards(load_balancer, port)
        self._forwards[load_balancer, port] = [
            tuple(Forward(name, weight) for name, weight in weights.items() if weight)
        ]
        self.sent.append((load_balancer, port, dict(weights)))


def _next(looks: list[Look]) -> Look:
    return looks.pop(0) if len(looks) > 1 else looks[0]
