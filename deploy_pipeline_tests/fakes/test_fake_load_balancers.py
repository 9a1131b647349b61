"""The fake load balancers."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.load_balancers import Forward, Target
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers

NEW = Target("10.0.0.1", 8080, "initial", "Elb.RegistrationInProgress")
READY = Target("10.0.0.1", 8080, "healthy", "")


def test_looks_pass_one_by_one() -> None:
    fake = FakeLoadBalancers({"green": [(), (NEW,), (READY,)]})
    assert [fake.targets("green") for _ in range(4)] == [(), (NEW,), (READY,), (READY,)]


def test_forwards_pass_one_by_one() -> None:
    blue, green = (Forward("blue", 100),), (Forward("green", 100),)
    fake = FakeLoadBalancers(forwards={("balancer", 80): [blue, green], ("balancer", 81): [blue]})
    assert [fake.forwards("balancer", 80) for _ in range(3)] == [blue, green, green]
    assert fake.forwards("balancer", 81) == blue


def test_what_is_missing() -> None:
    fake = FakeLoadBalancers({"green": [()]}, {("balancer", 80): [()]})
    with pytest.raises(DeployError, match="terraform apply"):
        fake.targets("blue")
    with pytest.raises(DeployError, match="terraform apply"):
        fake.forwards("balancer", 81)
