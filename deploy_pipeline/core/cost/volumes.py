"""Prices of EBS volumes, by themselves and inside instances."""

from decimal import Decimal

from deploy_pipeline.core.cost.attributes import Attributes
from deploy_pipeline.core.cost.price_sheet import PriceSheet
from deploy_pipeline.core.cost.pricing import Priceable, Pricing, plain

ZERO = Decimal(0)
GP3_IOPS, GP3_MBPS = Decimal(3000), Decimal(125)


def ebs_volume(item: Priceable) -> Pricing:
    """A volume with what it has above the free IOPS and throughput of its type."""
    cost = volume(item.values, "", item.sheet)
    return Pricing(cost, f"{plain(item.values.number('size'))} GB of {item.values.text('type', 'gp2')}")


def volume(values: Attributes, prefix: str, sheet: PriceSheet) -> Decimal:
    """US dollars a month of a volume; `prefix` is `volume` where its attributes are `volume_type`, `volume_size`."""
    before = f"{prefix}_" if prefix else ""
    kind = values.text(f"{before}type", "gp2")
    cost = values.number(f"{before}size") * sheet.monthly("ebs", kind)
    if kind in ("io1", "io2"):
        return cost + values.number("iops") * sheet.monthly("ebs-iops", kind)
    if kind == "gp3":
        iops = extra(values, "iops", GP3_IOPS) * sheet.monthly("ebs-iops", kind)
        return cost + iops + extra(values, "throughput", GP3_MBPS) * sheet.monthly("ebs-throughput", kind)
    return cost


def extra(values: Attributes, name: str, included: Decimal) -> Decimal:
    """What is provisioned above what is included. What is known after apply was not asked for."""
    given = values.number(name, included) if values.values.get(name) is not None else included
    return max(ZERO, given - included)
