"""Prices of what connects and watches: load balancers, endpoints, API caches, alarms, firewalls."""

from decimal import Decimal

from deploy_pipeline.core.cost.attributes import Unpriceable
from deploy_pipeline.core.cost.pricing import Priceable, Pricing, plain

ZERO = Decimal(0)
SHORTEST_STANDARD_PERIOD = 60


def load_balancer(item: Priceable) -> Pricing:
    """A load balancer by the hour, with a public address in each of its subnets where it is not internal."""
    values = item.values
    kind = values.text("load_balancer_type", "application")
    cost, basis, usage = item.sheet.monthly("load-balancer", kind), f"1 {kind} load balancer", "capacity units"
    if kind == "gateway" or values.values.get("internal") is True:
        return Pricing(cost, basis, usage)
    mapped = values.values.get("subnet_mapping")
    try:
        zones = values.count("subnet_mapping") if mapped else item.count("subnets", "aws_subnet")
    except Unpriceable:
        return Pricing(cost, basis, f"{usage}, public addresses")
    return Pricing(
        cost + zones * item.sheet.monthly("public-ipv4", "address"), f"{basis}, {plain(zones)} public", usage
    )


def vpc_endpoint(item: Priceable) -> Pricing:
    """An interface endpoint has a price in each of its subnets; a gateway endpoint has none."""
    kind = item.values.text("vpc_endpoint_type", "Gateway")
    if kind == "Gateway":
        return Pricing()
    zones = item.count("subnet_ids", "aws_subnet")
    return Pricing(zones * item.sheet.monthly("vpc-endpoint", kind), f"{plain(zones)} zones", "data")


def metric_alarm(item: Priceable) -> Pricing:
    """An alarm has a price for each metric that it looks at, a higher one below a minute."""
    values = item.values
    queries = [query.block("metric") for query in values.blocks("metric_query") if query.blocks("metric")]
    watched = queries or [values]
    period = min(metric.number("period", Decimal(SHORTEST_STANDARD_PERIOD)) for metric in watched)
    name = "alarm" if period >= SHORTEST_STANDARD_PERIOD else "high-resolution-alarm"
    count = Decimal(len(watched))
    return Pricing(count * item.sheet.monthly("cloudwatch", name), f"{plain(count)} × {name}")


def api_stage(item: Priceable) -> Pricing:
    """An API's stage costs by its requests, and by the hour where it has a cache."""
    if not item.values.flag("cache_cluster_enabled"):
        return Pricing(usage="requests")
    size = item.values.text("cache_cluster_size")
    return Pricing(item.sheet.monthly("api-gateway-cache", size), f"cache of {size[:10]} GB", "requests")


def web_acl(item: Priceable) -> Pricing:
    """A web ACL and each of its rules."""
    count = Decimal(len(item.values.blocks("rule")))
    cost = item.sheet.monthly("waf", "web-acl") + count * item.sheet.monthly("waf", "rule")
    return Pricing(cost, f"1 web ACL, {plain(count)} rules", "requests, subscribed rule groups")
