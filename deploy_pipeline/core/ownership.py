"""Who moves the traffic: what the pipeline moves, Terraform has to leave alone, or its next plan moves it back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec

ALIAS, SERVICE, LISTENER = "aws_lambda_alias", "aws_ecs_service", "aws_lb_listener"
MOVED: Mapping[str, tuple[str, ...]] = {
    ALIAS: ("function_version", "routing_config"),
    SERVICE: ("task_definition",),
    LISTENER: ("default_action",),
}
"""Attributes of each type that only the pipeline may change."""
MOVED_OF_TWO_COLOURS = (*MOVED[SERVICE], "desired_count")
ALL = "all"
"""Terraform's own word for every attribute."""
NAMING = ("name", "function_name", "port", "load_balancer_arn")


@dataclass(frozen=True)
class TrafficResource:
    """A resource of a stack that may hold traffic. `values` has what tells it apart, as far as the plan knows it.

    `ignored` are the attributes in its `ignore_changes`; None where its block was not found or could not be read.
    """

    address: str
    type: str
    name: str
    module: str
    values: Mapping[str, Any]
    ignored: frozenset[str] | None = None

    def is_moved_by(self, spec: Spec) -> bool:
        """Whether it is one that the pipeline moves. What is not known yet may be."""
        match self.type:
            case "aws_lambda_alias":
                return any(
                    self._may_be("name", one.alias) and self._may_end("function_name", one.function_name)
                    for one in spec.functions.values()
                )
            case "aws_ecs_service":
                return any(self._may_be("name", name) for name in service_names(spec))
        balancers = [one.load_balancer for one in spec.services.values() if one.load_balancer]
        return any(
            self.values.get("port") in (None, balancer.production_port, balancer.test_port)
            and f"/{balancer.name}/" in (self.values.get("load_balancer_arn") or f"/{balancer.name}/")
            for balancer in balancers
        )

    def wanted(self, spec: Spec) -> tuple[str, ...]:
        """The attributes that its `ignore_changes` has to name."""
        return MOVED_OF_TWO_COLOURS if self.type == SERVICE and two_colours(spec, self) else MOVED[self.type]

    def _may_be(self, attribute: str, wanted: str) -> bool:
        return self.values.get(attribute) in (None, wanted)

    def _may_end(self, attribute: str, wanted: str) -> bool:
        """A function is named by its name or by its ARN."""
        found = self.values.get(attribute)
        return found is None or str(found).rsplit(":", 1)[-1] == wanted


def service_names(spec: Spec) -> Iterator[str]:
    """The names in ECS of all services, of both colours."""
    for service in spec.services.values():
        yield service.service
        if service.load_balancer and service.load_balancer.green_service:
            yield service.load_balancer.green_service


def two_colours(spec: Spec, resource: TrafficResource) -> bool:
    """Whether a service is one of two."""
    return any(
        resource.values.get("name") in (None, service.service, service.load_balancer.green_service)
        for service in spec.services.values()
        if service.load_balancer and service.load_balancer.green_service
    )


def traffic_resources(plan: Mapping[str, Any]) -> tuple[TrafficResource, ...]:
    """What of the object that `terraform show -json <plan file>` gives may hold traffic after it is applied."""
    root = plan.get("planned_values", {}).get("root_module", {})
    return tuple(_resource(item, module) for module, item in _resources(root, "") if item["type"] in MOVED)


def _resources(module: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from ((name, item) for item in module.get("resources", []) if item.get("mode", "managed") == "managed")
    for child in module.get("child_modules", []):
        yield from _resources(child, module_key(child["address"]))


def module_key(address: str) -> str:
    """`a.b` of `module.a["x"].module.b`: the name that Terraform's list of modules has for it."""
    parts = address.split("module.")[1:]
    return ".".join(part.split("[")[0].rstrip(".") for part in parts)


def _resource(item: Mapping[str, Any], module: str) -> TrafficResource:
    values = item.get("values") or {}
    known = {name: values[name] for name in NAMING if values.get(name) is not None}
    return TrafficResource(item["address"], item["type"], item["name"], module, known)


def refuse_shared_traffic(resources: Sequence[TrafficResource], spec: Spec, where: str) -> tuple[str, ...]:
    """Raise DeployError where Terraform would move what the pipeline moves. Returns what could not be looked at."""
    ours = [one for one in resources if one.is_moved_by(spec)]
    wrong = [one for one in ours if one.ignored is not None and _missing(one, spec)]
    if wrong:
        managed = "; ".join(f"{one.address} manages {' and '.join(_missing(one, spec))}" for one in wrong)
        lines = "; ".join(f"in {one.address} {_line(one, spec)}" for one in wrong)
        raise DeployError(
            f"Terraform would move the traffic back that the pipeline moves: {managed}",
            where=where, todo=f"let Terraform leave it alone: {lines}",
        )  # fmt: skip
    return tuple(one.address for one in ours if one.ignored is None)


def _line(resource: TrafficResource, spec: Spec) -> str:
    """What the block has to say, with what it ignores already."""
    wanted = sorted({*_missing(resource, spec), *(resource.ignored or ())})
    return f"lifecycle {{ ignore_changes = [{', '.join(wanted)}] }}"


def _missing(resource: TrafficResource, spec: Spec) -> tuple[str, ...]:
    ignored = resource.ignored or frozenset()
    return () if ALL in ignored else tuple(each for each in resource.wanted(spec) if each not in ignored)
