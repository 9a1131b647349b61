"""Gateways that ask, before each change, whether the change may still be made."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

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


class _Fenced:
    """Everything that the gateway can do; before what changes something, `check` is called, and may raise."""

    def __init__(self, gateway: object, changes: frozenset[str], check: Check) -> None:
        self._gateway = gateway
        self._changes = changes
        self._check = check

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._gateway, name)
        if name not in self._changes:
            return found

        def checked(*args: Any, **kwargs: Any) -> Any:
            self._check()
            return found(*args, **kwargs)

        return checked


def fenced(gateway: G, check: Check) -> G:
    """The same gateway behind `check`."""
    changes = next(names for kind, names in CHANGES.items() if isinstance(gateway, kind))
    return cast(G, _Fenced(gateway, changes, check))
