"""What pricing one resource gives, and what a pricing rule is handed. The rules are in the modules beside this one."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from deploy_pipeline.core.cost.attributes import Attributes, Unpriceable
from deploy_pipeline.core.cost.planned import PlannedResource
from deploy_pipeline.core.cost.price_sheet import PriceSheet
from deploy_pipeline.core.cost.stack import Stack

ONE = Decimal(1)


@dataclass(frozen=True)
class Pricing:
    """The cost of one resource. `monthly` is in US dollars, None where it cannot be said; `reason` says why then.

    `basis` says what was counted. `usage` is what comes on top and depends on use, "" for nothing.
    """

    monthly: Decimal | None = Decimal(0)
    basis: str = ""
    usage: str = ""
    reason: str = ""

    @property
    def note(self) -> str:
        """One line for people."""
        if self.monthly is None:
            return f"not priced: {self.reason}"
        return " + ".join(part for part in (self.basis, f"depends on use: {self.usage}" if self.usage else "") if part)


@dataclass(frozen=True)
class Priceable:
    """One side of a resource for a rule: its attributes, the prices, and the resources that it may refer to."""

    values: Attributes
    sheet: PriceSheet
    resource: PlannedResource
    stack: Stack

    def referred(self, attribute: str, kind: str) -> Attributes:
        """The resource of type `kind` that an attribute names. Raises Unpriceable where it is not in the plan."""
        return self.stack.find(self.resource, attribute, kind, self.values.values.get(attribute))

    def count(self, attribute: str, kind: str) -> Decimal:
        """How many resources of type `kind` an attribute lists, also while their ids are not known."""
        if self.values.values.get(attribute) is not None:
            return self.values.count(attribute)
        return self.stack.count(self.resource, attribute, kind)


Rule = Callable[[Priceable], Pricing]
"""Prices one resource. Raises Unpriceable."""


def free(_: Priceable) -> Pricing:
    """A resource that costs nothing by itself."""
    return Pricing()


def by_use(what: str) -> Rule:
    """A resource whose whole cost depends on its use."""
    return lambda _: Pricing(usage=what)


def flat(group: str, name: str, usage: str = "") -> Rule:
    """A resource with one fixed price."""
    return lambda item: Pricing(item.sheet.monthly(group, name), f"1 {name}", usage)


def nodes(group: str, node_type: str, count: str = "", usage: str = "") -> Rule:
    """A number of equal nodes. `node_type` and `count` are attributes; without `count` there is one node."""

    def rule(item: Priceable) -> Pricing:
        kind = item.values.text(node_type)
        number = item.values.number(count, ONE) if count else ONE
        return Pricing(number * item.sheet.monthly(group, kind), f"{plain(number)} × {kind}", usage)

    return rule


def plain(number: Decimal) -> str:
    """A number as people write it, without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def refuse_if(condition: bool, reason: str) -> None:
    """Raise Unpriceable with the reason when the condition holds."""
    if condition:
        raise Unpriceable(reason)
