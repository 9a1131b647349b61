"""Pricing a plan by the price sheet: what each resource costs a month, before and after. No limits are known here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from deploy_pipeline.core.cost.attributes import Attributes, Unpriceable
from deploy_pipeline.core.cost.monthly import ResourceCost
from deploy_pipeline.core.cost.planned import PlannedResource
from deploy_pipeline.core.cost.price_sheet import PriceSheet
from deploy_pipeline.core.cost.pricing import Priceable, Pricing
from deploy_pipeline.core.cost.resource_types import rule_for
from deploy_pipeline.core.cost.stack import Stack

NOTHING = Pricing()


@dataclass(frozen=True)
class _Pricer:
    sheet: PriceSheet
    before: Stack
    after: Stack

    def cost(self, stack: str, resource: PlannedResource) -> ResourceCost:
        before = self._side(resource, resource.before, self.before)
        after = self._side(resource, resource.after, self.after)
        if resource.kept:
            after = _together(before, after)
        known = before.monthly is not None and after.monthly is not None
        shown = after if resource.after is not None and (known or after.monthly is None) else before
        return ResourceCost(
            stack=stack,
            address=resource.address,
            before=before.monthly if known else None,
            after=after.monthly if known else None,
            changed=resource.changed,
            on_use=bool(known and shown.usage),
            note=shown.note,
        )

    def _side(self, resource: PlannedResource, attributes: Attributes | None, stack: Stack) -> Pricing:
        if attributes is None:
            return NOTHING
        rule = rule_for(resource.type)
        if rule is None:
            return Pricing(None, reason=f"{resource.type[:80]} is not in the price sheet")
        try:
            return rule(Priceable(attributes, self.sheet, resource, stack))
        except Unpriceable as error:
            return Pricing(None, reason=str(error))


def _together(before: Pricing, after: Pricing) -> Pricing:
    """The old object, which Terraform lets go of but does not destroy, and the new one."""
    if before.monthly is None or after.monthly is None:
        return before if before.monthly is None else after
    return replace(after, monthly=before.monthly + after.monthly, basis=f"{after.basis} and what is kept".strip())


def estimate(stack: str, resources: Sequence[PlannedResource], sheet: PriceSheet) -> tuple[ResourceCost, ...]:
    """What each resource of a stack's plan costs. One that has no price on one side counts on neither."""
    pricer = _Pricer(sheet, Stack(resources, "before"), Stack(resources, "after"))
    return tuple(pricer.cost(stack, resource) for resource in resources)


def regions(resources: Sequence[PlannedResource]) -> Iterator[str]:
    """The regions that the resources name, in ARNs, zones and attributes."""
    for resource in resources:
        for side in (resource.before, resource.after):
            if side is not None:
                yield from _named(side)


def _named(side: Attributes) -> Iterator[str]:
    arn = side.values.get("arn")
    if isinstance(arn, str) and arn.startswith("arn:") and arn.count(":") >= 5:  # noqa: PLR2004 - the parts of an ARN
        yield arn.split(":")[3]
    for name, cut in (("region", 0), ("availability_zone", 1)):
        value = side.values.get(name)
        if isinstance(value, str):
            yield value[: len(value) - cut]
