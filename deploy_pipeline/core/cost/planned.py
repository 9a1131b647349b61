"""The resources in a plan's JSON, which is untrusted: anything unexpected makes the whole plan unreadable."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from deploy_pipeline.core.cost.attributes import Attributes

LARGEST_PLAN = 32 * 2**20
"""Bytes of a plan's JSON: that of a thousand resources has about 5 MB."""
INDEX = re.compile(r"\[(?:[0-9]+|\"(?:[^\"\\]|\\.)*\")\]")


class UnreadablePlan(Exception):
    """This is no plan that can be priced, and why."""


@dataclass(frozen=True)
class PlannedResource:
    """A managed resource of a plan. `before` is None for a new one, `after` for one that goes.

    `module` is the address of its module with a dot at the end ("" for the root). `expressions` is what the
    configuration says of its attributes. `kept` says that the old object stays although the plan lets go of it.
    """

    address: str
    type: str
    module: str
    actions: tuple[str, ...]
    before: Attributes | None
    after: Attributes | None
    expressions: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the plan does anything to it."""
        return self.actions != ("no-op",)

    @property
    def kept(self) -> bool:
        """Whether the old object stays, and goes on to cost money, although Terraform forgets it."""
        return "forget" in self.actions


def read_resources(content: bytes) -> tuple[PlannedResource, ...]:
    """The managed resources of a plan, as `terraform show -json` gives it. Raises UnreadablePlan."""
    plan = _parsed(content)
    if not isinstance(plan, dict) or "format_version" not in plan or "planned_values" not in plan:
        raise UnreadablePlan("it is not a Terraform plan")
    if plan.get("errored"):
        raise UnreadablePlan("planning ended with an error, so it is not whole")
    try:
        configuration = plan.get("configuration") or {}
        expressions = dict(_expressions(configuration.get("root_module") or {}, ""))
        changes = [item for item in plan.get("resource_changes") or [] if item["mode"] == "managed"]
        return tuple(_resource(item, expressions) for item in changes)
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        raise UnreadablePlan(f"it has an unexpected form ({type(error).__name__})") from error


def _parsed(content: bytes) -> Any:
    if len(content) > LARGEST_PLAN:
        raise UnreadablePlan(f"it has {len(content) // 2**20} MiB, and at most {LARGEST_PLAN // 2**20} MiB are read")
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise UnreadablePlan(f"it is not JSON ({type(error).__name__})") from error


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _resource(item: Mapping[str, Any], expressions: Mapping[str, Mapping[str, Any]]) -> PlannedResource:
    change, address, module = item["change"], item["address"], item.get("module_address") or ""
    actions = tuple(change["actions"])
    if not all(isinstance(text, str) for text in (address, item["type"], module, *actions)):
        raise TypeError
    deposed = f" (deposed {str(item['deposed'])[:20]})" if item.get("deposed") else ""
    return PlannedResource(
        address=address + deposed,
        type=item["type"],
        module=f"{module}." if module else "",
        actions=actions,
        before=_side(change.get("before"), {}),
        after=_side(change.get("after"), change.get("after_unknown") or {}),
        expressions=expressions.get(without_indexes(address), {}),
    )


def _side(values: Any, unknown: Any) -> Attributes | None:
    if values is None:
        return None
    if not isinstance(values, dict) or not isinstance(unknown, dict):
        raise TypeError
    return Attributes(values, unknown)


def without_indexes(address: str) -> str:
    """An address as the configuration has it: without the keys of `count` and `for_each`."""
    return INDEX.sub("", address)


def _expressions(module: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in module.get("resources") or []:
        expressions = resource.get("expressions") or {}
        if not isinstance(expressions, dict):
            raise TypeError
        yield prefix + resource["address"], expressions
    for name, call in (module.get("module_calls") or {}).items():
        yield from _expressions(call.get("module") or {}, f"{prefix}module.{name}.")
