"""Load balancers (ELBv2): which targets are healthy, and where a listener sends traffic. Decides nothing."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, client, translated

if TYPE_CHECKING:
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import (
        ActionOutputTypeDef,
        ActionTypeDef,
        ListenerTypeDef,
        LoadBalancerTypeDef,
        TargetGroupTupleTypeDef,
        TargetHealthDescriptionTypeDef,
    )

ALL_TRAFFIC = 100
DEFAULT_WEIGHT = 1
TERRAFORM_TODO = "terraform apply creates it; is it in the stack, and is its name in deploy.yaml right?"
LISTENER_TODO = "terraform apply creates it; is it in the stack, and is its port in deploy.yaml right?"
LESSONS = {
    "LoadBalancerNotFound": TERRAFORM_TODO,
    "TargetGroupNotFound": TERRAFORM_TODO,
    "ListenerNotFound": LISTENER_TODO,
}


@dataclass(frozen=True)
class Target:
    """A target of a target group. `address` is what was registered: an IP address, or an instance's id.

    `state` is AWS's word: healthy, initial, unhealthy, draining, unhealthy.draining, unused, unavailable; empty when
    AWS gave none. `reason` joins AWS's code and its sentence; it is empty for a healthy target.
    """

    address: str
    port: int
    state: str
    reason: str


@dataclass(frozen=True)
class Forward:
    """A target group (its name) that gets traffic; its share is `weight` by the sum of its listener's weights."""

    target_group: str
    weight: int


@dataclass(frozen=True)
class Address:
    """Where a listener answers: the URL without a path, and the Host header that a request must have ("" for any)."""

    url: str
    host: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a request must carry."""
        return {"Host": self.host} if self.host else {}


class LoadBalancers(ABC):
    """The load balancers of one account and region."""

    @abstractmethod
    def targets(self, target_group: str) -> tuple[Target, ...]:
        """Every registered target, those that drain too. `target_group` is a name; a missing one is a `DeployError`."""

    @abstractmethod
    def forwards(self, load_balancer: str, port: int) -> tuple[Forward, ...]:
        """Where the default action of the listener on `port` sends traffic; rules beside it are not looked at.

        A forward to one target group has weight 100; several keep AWS's weights (0 to 999), which are relative.
        Empty when the default is no forward (a redirect, a fixed response). `load_balancer` is a name; a missing
        load balancer or listener is a `DeployError`.
        """

    @abstractmethod
    def send(self, load_balancer: str, port: int, weights: Mapping[str, int]) -> None:
        """Make the default action of the listener on `port` a forward: target group (its name) -> weight (0 to 999).

        A forward to one target group alone is a plain one. New connections follow at once; open ones may end first.
        """

    @abstractmethod
    def address(self, load_balancer: str, port: int) -> Address:
        """Where the listener on `port` answers: the load balancer's own name, except with a custom AWS endpoint."""


class AwsLoadBalancers(LoadBalancers):
    """The load balancers of the account and region in `settings`.

    A change is never repeated by botocore: sent again after the environment has another holder, it would move the users
    of that one. What it names is looked up once, so that nothing comes between the caller's check and the change.
    """

    def __init__(self, settings: AwsSettings) -> None:
        self._settings = settings
        self._elb: ElasticLoadBalancingv2Client = client(settings, "elbv2")
        self._listener_arns: dict[tuple[str, int], str] = {}
        self._group_arns: dict[str, str] = {}

    @cached_property
    def _once(self) -> "ElasticLoadBalancingv2Client":
        return cast("ElasticLoadBalancingv2Client", client(self._settings, "elbv2", max_attempts=1))

    def targets(self, target_group: str) -> tuple[Target, ...]:
        where = f"target group {target_group}"
        with translated(where, lessons=LESSONS):
            groups = self._elb.describe_target_groups(Names=[target_group])["TargetGroups"]
            if not groups:
                raise DeployError("there is no such target group", where=where, todo=TERRAFORM_TODO)
            self._group_arns[target_group] = groups[0]["TargetGroupArn"]
            # AWS answers this one in a single page, however many targets there are.
            health = self._elb.describe_target_health(TargetGroupArn=groups[0]["TargetGroupArn"])
        return tuple(_target(each) for each in health["TargetHealthDescriptions"])

    def forwards(self, load_balancer: str, port: int) -> tuple[Forward, ...]:
        actions = self._listener(load_balancer, port).get("DefaultActions", [])
        return tuple(forward for action in actions for forward in _forwards(action))

    def send(self, load_balancer: str, port: int, weights: Mapping[str, int]) -> None:
        listener = self._listener_arns.get((load_balancer, port)) or self._listener(load_balancer, port)["ListenerArn"]
        with translated(f"load balancer {load_balancer}, port {port}", lessons=LESSONS):
            if unknown := [name for name in weights if name not in self._group_arns]:
                groups = self._elb.describe_target_groups(Names=unknown)["TargetGroups"]
                self._group_arns |= {group["TargetGroupName"]: group["TargetGroupArn"] for group in groups}
            self._once.modify_listener(
                ListenerArn=listener,
                DefaultActions=[_forward({self._group_arns[name]: weight for name, weight in weights.items()})],
            )

    def address(self, load_balancer: str, port: int) -> Address:
        scheme = self._listener(load_balancer, port).get("Protocol", "HTTP").lower()
        endpoint = self._settings.endpoint_url
        if endpoint:  # MiniStack tells load balancers apart by the path, and their listeners by the header's port
            return Address(f"{endpoint.rstrip('/')}/_alb/{load_balancer}", f"localhost:{port}")
        return Address(f"{scheme}://{self._balancer(load_balancer)['DNSName']}:{port}")

    def _balancer(self, name: str) -> "LoadBalancerTypeDef":
        where = f"load balancer {name}"
        with translated(where, lessons=LESSONS):
            balancers = self._elb.describe_load_balancers(Names=[name])["LoadBalancers"]
        if not balancers:
            raise DeployError("there is no such load balancer", where=where, todo=TERRAFORM_TODO)
        return balancers[0]

    def _listener(self, load_balancer: str, port: int) -> "ListenerTypeDef":
        where = f"load balancer {load_balancer}"
        balancer = self._balancer(load_balancer)
        with translated(where, lessons=LESSONS):
            listeners = list(self._listeners(balancer["LoadBalancerArn"]))
        listener = next((each for each in listeners if each.get("Port") == port), None)
        if listener is None:
            ports = ", ".join(str(each["Port"]) for each in listeners if "Port" in each) or "none"
            what = f"there is no listener on port {port} (there are: {ports})"
            raise DeployError(what, where=where, todo=LISTENER_TODO)
        self._listener_arns[load_balancer, port] = listener["ListenerArn"]
        return listener

    def _listeners(self, load_balancer_arn: str) -> "Iterator[ListenerTypeDef]":
        for page in self._elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=load_balancer_arn):
            yield from page["Listeners"]


def _target(described: "TargetHealthDescriptionTypeDef") -> Target:
    target, health = described["Target"], described.get("TargetHealth", {})
    return Target(
        address=target["Id"],
        port=target.get("Port", 0),  # only a Lambda function has none
        state=health.get("State", ""),
        reason=": ".join(part for part in (health.get("Reason", ""), health.get("Description", "")) if part),
    )


def _forward(weights: Mapping[str, int]) -> "ActionTypeDef":
    """The default action for target groups (ARNs) and their weights."""
    alone = [arn for arn, weight in weights.items() if weight]
    if len(alone) == 1:
        return {"Type": "forward", "TargetGroupArn": alone[0]}
    groups: list[TargetGroupTupleTypeDef] = [
        {"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()
    ]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def _forwards(action: "ActionOutputTypeDef") -> tuple[Forward, ...]:
    """AWS writes a plain forward both ways, then with the weight 1; an emulator may write only the ARN."""
    if action["Type"] != "forward":
        return ()
    if arn := action.get("TargetGroupArn"):
        return (Forward(_name(arn), ALL_TRAFFIC),)
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    weights = {_name(each["TargetGroupArn"]): each.get("Weight", DEFAULT_WEIGHT) for each in groups}
    if len(weights) == 1:
        weights = {name: weight and ALL_TRAFFIC for name, weight in weights.items()}
    return tuple(Forward(name, weight) for name, weight in weights.items())


def _name(target_group_arn: str) -> str:
    """`blue` of `arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/blue/6d0ecf831eec9f09`."""
    return target_group_arn.split("/")[1]
