"""What is recorded, held against what AWS does."""

import pytest

from deploy_pipeline.gateways.load_balancers import Forward
from deploy_pipeline.ops.live import traffic_differences
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers
from deploy_pipeline_tests.samples import a_deployed, a_spec

BALANCER = {
    "name": "lb", "production_port": 80, "test_port": 81, "blue_target_group": "blue", "green_target_group": "green",
}  # fmt: skip


def differences(forwards: tuple[Forward, ...], green_service: str | None) -> list[str]:
    service = a_deployed().services[0]
    spec = a_spec()
    described = spec.services[service.name].model_dump() | {
        "load_balancer": BALANCER | {"green_service": green_service}
    }  # fmt: skip
    spec = a_spec(services={service.name: described})
    return traffic_differences([service], spec, FakeLoadBalancers(forwards={("lb", 80): [forwards]}))


@pytest.mark.parametrize(("forwards", "said"), [
    ((Forward("blue", 100),), []),
    ((Forward("blue", 100), Forward("green", 0)), []),
    ((Forward("green", 100),), ["users of inference are sent to green, not to blue"]),
    ((Forward("blue", 90), Forward("green", 10)), ["users of inference are sent to blue, green, not to blue"]),
    ((), ["users of inference are sent to nobody, not to blue"]),
])  # fmt: skip
def test_users_have_to_be_sent_to_the_recorded_colour(forwards: tuple[Forward, ...], said: list[str]) -> None:
    assert differences(forwards, "the-other") == said


def test_a_service_of_one_colour_has_no_traffic_to_look_at() -> None:
    assert differences((Forward("elsewhere", 100),), None) == []
