"""Finding the resource that another one refers to: a service's task definition, an endpoint's configuration."""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Literal

from deploy_pipeline.core.cost.attributes import Attributes, Unpriceable
from deploy_pipeline.core.cost.planned import INDEX, PlannedResource, without_indexes

Side = Literal["before", "after"]
ADDRESS = re.compile(r"[\w-]+\.[\w-]+(?:" + INDEX.pattern + ")?")
DEEPEST = 20
IDENTITIES = ("arn", "arn_without_revision", "id", "name", "family", "function_name")


class Stack:
    """One side of a plan's resources, by address and by the names that other resources use for them."""

    def __init__(self, resources: Iterable[PlannedResource], side: Side) -> None:
        self._by_address: dict[str, Attributes] = {}
        self._by_base: dict[str, list[Attributes]] = {}
        self._by_name: dict[tuple[str, str], Attributes] = {}
        for resource in resources:
            attributes = resource.before if side == "before" else resource.after
            if attributes is not None:
                self._add(resource, attributes)

    def _add(self, resource: PlannedResource, attributes: Attributes) -> None:
        self._by_address[resource.address] = attributes
        self._by_base.setdefault(_base(resource.address), []).append(attributes)
        for name in _names(attributes):
            self._by_name[resource.type, name] = attributes

    def find(self, resource: PlannedResource, attribute: str, kind: str, known: object) -> Attributes:
        """The resource of type `kind` that `attribute` of `resource` names. Raises Unpriceable.

        `known` is the attribute's value, or None while that is not known.
        """
        if isinstance(known, str) and (kind, known) in self._by_name:
            return self._by_name[kind, known]
        for reference in references(resource.expressions.get(attribute)):
            if _is(reference, kind):
                found = self._referenced(resource, reference)
                if found is not None:
                    return found
        raise Unpriceable(f"its {kind} is not in this plan")

    def count(self, resource: PlannedResource, attribute: str, kind: str) -> Decimal:
        """How many resources of type `kind` an attribute refers to that is known after apply. Raises Unpriceable."""
        addresses = {_address(text) for text in references(resource.expressions.get(attribute)) if _is(text, kind)}
        single = {address for address in addresses if INDEX.search(address)}
        whole = addresses - single - {without_indexes(address) for address in single}
        count = len(single) + sum(len(self._by_base.get(resource.module + address, [])) for address in whole)
        if not count:
            raise Unpriceable(f"{attribute} is known after apply")
        return Decimal(count)

    def _referenced(self, resource: PlannedResource, reference: str) -> Attributes | None:
        """What `type.name[key].attribute` means for this resource: its own key's, or the only one that there is."""
        named = _address(reference)
        base = resource.module + without_indexes(named)
        keys = INDEX.findall(named) or INDEX.findall(resource.address)[-1:]
        exact = self._by_address.get(base + "".join(keys), self._by_address.get(base))
        same = self._by_base.get(base, [])
        return exact or (same[0] if len(same) == 1 else None)


def _is(reference: str, kind: str) -> bool:
    return reference.startswith(f"{kind}.")


def _address(reference: str) -> str:
    """`type.name[key]` of a reference such as `type.name[key].attribute`."""
    found = ADDRESS.match(reference)
    return found[0] if found else reference


def _base(address: str) -> str:
    """The address without its own key, but with those of its modules."""
    last = INDEX.findall(address)[-1:]
    return address.removesuffix(last[0]) if last else address


def _names(attributes: Attributes) -> Iterator[str]:
    values = attributes.values
    for name in IDENTITIES:
        if isinstance(values.get(name), str):
            yield values[name]
    if isinstance(values.get("family"), str) and isinstance(values.get("revision"), int):
        yield f"{values['family']}:{values['revision']}"


def references(expression: Any, depth: int = DEEPEST) -> Iterator[str]:
    """Every reference in an expression of the configuration, blocks in it included, the most precise ones first."""
    if isinstance(expression, dict):
        named = expression.get("references")
        yield from (text for text in (named if isinstance(named, list) else []) if isinstance(text, str))
        expression = list(expression.values())
    if isinstance(expression, list):
        for part in expression:
            if isinstance(part, dict | list) and depth:
                yield from references(part, depth - 1)
