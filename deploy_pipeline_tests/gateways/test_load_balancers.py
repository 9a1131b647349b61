"""Load balancers, against an emulated AWS and against scripted answers."""

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.load_balancers import AwsLoadBalancers, Forward, Target

ARNS = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
BALANCER = f"{ARNS}:loadbalancer/app/balancer/50dc6c495c0c9188"
BLUE = f"{ARNS}:targetgroup/blue/6d0ecf831eec9f09"
GREEN = f"{ARNS}:targetgroup/green/73e2d6bc24d8a067"


@pytest.fixture
def balancers(stubbed_aws: AwsSettings) -> AwsLoadBalancers:
    return AwsLoadBalancers(stubbed_aws)


@pytest.fixture
def stub(balancers: AwsLoadBalancers) -> Iterator[Stubber]:
    with Stubber(balancers._elb) as stub:
        yield stub
        stub.assert_no_pending_responses()


def health(address: str, state: str, **more: str) -> dict[str, Any]:
    return {"Target": {"Id": address, "Port": 8080}, "TargetHealth": {"State": state, **more}}


def forward(**weights: int) -> dict[str, Any]:
    """A forward action; its keys are the last part of each target group's ARN."""
    groups = [{"TargetGroupArn": {"blue": BLUE, "green": GREEN}[name], "Weight": weights[name]} for name in weights]
    return {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}


def listener(port: int, *actions: Mapping[str, Any]) -> dict[str, Any]:
    return {"Port": port, "ListenerArn": f"arn:listener/{port}", "DefaultActions": list(actions)}


def found_balancer(stub: Stubber) -> None:
    found = {"LoadBalancers": [{"LoadBalancerArn": BALANCER, "LoadBalancerName": "balancer"}]}
    stub.add_response("describe_load_balancers", found, {"Names": ["balancer"]})


def test_targets_with_reasons(balancers: AwsLoadBalancers, stub: Stubber) -> None:
    found = {"TargetGroups": [{"TargetGroupArn": BLUE, "TargetGroupName": "blue"}]}
    failed = {"Reason": "Target.ResponseCodeMismatch", "Description": "Health checks failed with these codes: [503]"}
    described = [
        health("10.0.0.1", "healthy"),
        health("10.0.0.2", "unhealthy", **failed),
        health("10.0.0.3", "initial", Reason="Elb.RegistrationInProgress"),
        {"Target": {"Id": f"{ARNS}:function:f"}},
    ]
    stub.add_response("describe_target_groups", found, {"Names": ["blue"]})
    stub.add_response("describe_target_health", {"TargetHealthDescriptions": described}, {"TargetGroupArn": BLUE})
    assert balancers.targets("blue") == (
        Target("10.0.0.1", 8080, "healthy", ""),
        Target(
            "10.0.0.2",
            8080,
            "unhealthy",
            "Target.ResponseCodeMismatch: Health checks failed with these codes: [503]",
        ),
        Target("10.0.0.3", 8080, "initial", "Elb.RegistrationInProgress"),
        Target(f"{ARNS}:function:f", 0, "", ""),
    )


PLAIN = {"Type": "forward", "TargetGroupArn": BLUE}
FORWARDS: Mapping[str, tuple[tuple[Mapping[str, Any], ...], tuple[Forward, ...]]] = {
    "the ARN alone": ((PLAIN,), (Forward("blue", 100),)),
    "both forms, as AWS writes it": ((PLAIN | forward(blue=1),), (Forward("blue", 100),)),
    "one group without the ARN": ((forward(green=1),), (Forward("green", 100),)),
    "one group that gets nothing": ((forward(green=0),), (Forward("green", 0),)),
    "two groups": ((forward(blue=90, green=10),), (Forward("blue", 90), Forward("green", 10))),
    "two groups, one without traffic": ((forward(blue=0, green=100),), (Forward("blue", 0), Forward("green", 100))),
    "after a login": (({"Type": "authenticate-oidc"}, forward(blue=3, green=1)),
                      (Forward("blue", 3), Forward("green", 1))),
    "no forward": (({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}},), ()),
}  # fmt: skip


@pytest.mark.parametrize(("actions", "expected"), FORWARDS.values(), ids=FORWARDS.keys())
def test_forwards_of_a_listener(
    balancers: AwsLoadBalancers,
    stub: Stubber,
    actions: tuple[Mapping[str, Any], ...],
    expected: tuple[Forward, ...],
) -> None:
    found_balancer(stub)
    answer = {"Listeners": [listener(8081, forward(green=1)), listener(80, *actions)]}
    stub.add_response("describe_listeners", answer, {"LoadBalancerArn": BALANCER})
    assert balancers.forwards("balancer", 80) == expected


def test_forwards_of_a_listener_on_the_second_page(balancers: AwsLoadBalancers, stub: Stubber) -> None:
    found_balancer(stub)
    first = {"Listeners": [listener(80, forward(blue=1))], "NextMarker": "more"}
    second = {"Listeners": [listener(8081, forward(green=1))]}
    stub.add_response("describe_listeners", first, {"LoadBalancerArn": BALANCER})
    stub.add_response("describe_listeners", second, {"LoadBalancerArn": BALANCER, "Marker": "more"})
    assert balancers.forwards("balancer", 8081) == (Forward("green", 100),)


def test_forwards_without_the_listener(balancers: AwsLoadBalancers, stub: Stubber) -> None:
    found_balancer(stub)
    stub.add_response("describe_listeners", {"Listeners": [listener(80), listener(443)]})
    with pytest.raises(DeployError, match=r"on port 8081 \(there are: 80, 443\)\n.*terraform apply creates it"):
        balancers.forwards("balancer", 8081)


REFUSALS: Mapping[str, tuple[str, int, str, bool]] = {
    "denied": ("AccessDenied", 403, "allow the pipeline's role", False),
    "throttled": ("Throttling", 400, "wait a moment", True),
    "broken": ("InternalFailure", 500, "wait a moment", True),
}


@pytest.mark.parametrize(
    ("code", "status", "todo", "retryable"),
    [*REFUSALS.values(), ("TargetGroupNotFound", 400, "terraform apply creates it", False)],
    ids=[*REFUSALS.keys(), "missing"],
)
def test_targets_refused(
    balancers: AwsLoadBalancers, stub: Stubber, code: str, status: int, todo: str, retryable: bool
) -> None:
    expected = {"Names": ["blue"]}
    stub.add_client_error("describe_target_groups", code, "no", http_status_code=status, expected_params=expected)
    with pytest.raises(DeployError, match=todo) as refused:
        balancers.targets("blue")
    assert (refused.value.retryable, refused.value.where) == (retryable, "target group blue")


@pytest.mark.parametrize(
    ("code", "status", "todo", "retryable"),
    [*REFUSALS.values(), ("LoadBalancerNotFound", 400, "terraform apply creates it", False)],
    ids=[*REFUSALS.keys(), "missing"],
)
def test_forwards_refused(
    balancers: AwsLoadBalancers, stub: Stubber, code: str, status: int, todo: str, retryable: bool
) -> None:
    expected = {"Names": ["balancer"]}
    stub.add_client_error("describe_load_balancers", code, "no", http_status_code=status, expected_params=expected)
    with pytest.raises(DeployError, match=todo) as refused:
        balancers.forwards("balancer", 80)
    assert (refused.value.retryable, refused.value.where) == (retryable, "load balancer balancer")


def test_reads_are_repeated(balancers: AwsLoadBalancers) -> None:
    config: Any = balancers._elb.meta.config
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


@pytest.mark.real
def test_what_was_registered_is_read_back(aws: AwsSettings) -> None:
    name, vendor = f"lb-{uuid.uuid4().hex[:8]}", boto3.client("elbv2", aws.region, endpoint_url=aws.endpoint_url)
    balancer = vendor.create_load_balancer(Name=name, Subnets=["subnet-1", "subnet-2"])["LoadBalancers"][0]
    group = vendor.create_target_group(Name=f"{name}-blue", Protocol="HTTP", Port=8080, VpcId="vpc-1", TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    vendor.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
    )  # fmt: skip
    balancers = AwsLoadBalancers(aws)
    assert balancers.targets(f"{name}-blue") == ()
    vendor.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.0.1", "Port": 8080}])
    assert balancers.targets(f"{name}-blue") == (Target("10.0.0.1", 8080, "healthy", ""),)
    assert balancers.forwards(name, 80) == (Forward(f"{name}-blue", 100),)
    for missing in (
        lambda: balancers.targets("no-such"),
        lambda: balancers.forwards("no-such", 80),
        lambda: balancers.forwards(name, 81),
    ):
        with pytest.raises(DeployError, match="terraform apply creates it"):
            missing()
