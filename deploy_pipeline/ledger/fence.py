"""Gateways that ask, before each change, whether the change may still be made.

Also before it is made again: a change that was refused for being one of too many has surely not been made.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from deploy_pipeline.core.errors import Throttled
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.terraform import Terraform

G = TypeVar("G", Ecr, Functions, LoadBalancers, Services, Terraform)
Check = Callable[[], None]

CHANGES: Mapping[type, frozenset[str]] = {
    Ecr: frozenset({"move_tag"}),
    Functions: frozenset({"publish", "move_alias", "split_alias"}),
    LoadBalancers: frozenset({"send"}),
    Services: frozenset({"update", "scale"}),
    Terraform: frozenset({"apply", "save_state"}),
}
"""The methods of each gateway that change what serves."""


PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before a throttled change is made again; the last refusal is raised."""


class _Fenced:
    """Everything that the gateway can do; before what changes something, `check` is called, and may raise."""

    def __init__(self, gateway: object, changes: frozenset[str], check: Check, clock: Clock) -> None:
        self._gateway = gateway
        self._changes = changes
        self._check = check
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._gateway, name)
        if name not in self._changes:
            return found

        def checked(*args: Any, **kwargs: Any) -> Any:
            for pause in PAUSES:
                self._check()
                try:
                    return found(*args, **kwargs)
                except Throttled:
                    self._clock.sleep(pause)
            self._check()
            return found(*args, **kwargs)

        return checked


def fenced(gateway: G, check: Check, clock: Clock) -> G:
    """The same gateway behind `check`. By `clock` a throttled change waits before it is made again."""
    changes = next(names for kind, names in CHANGES.items() if isinstance(gateway, kind))
    return cast(G, _Fenced(gateway, changes, check, clock))
