"""Which colour has the traffic, and when a colour is healthy enough."""

import pytest

from deploy_pipeline.core.colours import Colour, Traffic, enough, traffic_of
from deploy_pipeline.core.errors import DeployError

GROUPS: dict[Colour, str] = {"blue": "ml-blue", "green": "ml-green"}


@pytest.mark.parametrize(
    ("weights", "live", "whole"),
    [
        ({"ml-blue": 1}, "blue", True),
        ({"ml-green": 1}, "green", True),
        ({"ml-blue": 0, "ml-green": 999}, "green", True),
        ({"ml-blue": 90, "ml-green": 10}, "blue", False),
        ({"ml-blue": 1, "ml-green": 2}, "green", False),
        ({"ml-blue": 1, "ml-green": 1}, "blue", False),
    ],
)
def test_the_listener_says_which_colour_is_live(weights: dict[str, int], live: Colour, whole: bool) -> None:
    traffic = traffic_of(GROUPS, weights, "load balancer ml")
    assert (traffic.live, traffic.whole) == (live, whole)
    assert traffic.idle != traffic.live
    assert traffic.blue + traffic.green == pytest.approx(1)


def test_a_share_is_a_part_of_all() -> None:
    assert traffic_of(GROUPS, {"ml-blue": 90, "ml-green": 10}, "") == Traffic(0.9, 0.1)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"somebody-elses": 1}, "sends traffic to somebody-elses"),
        ({"ml-blue": 1, "somebody-elses": 1}, "sends traffic to somebody-elses"),
        ({}, "to neither colour"),
        ({"ml-blue": 0, "ml-green": 0}, "to neither colour"),
    ],
)
def test_a_listener_that_is_not_ours_is_left_alone(weights: dict[str, int], said: str) -> None:
    with pytest.raises(DeployError, match=said) as raised:
        traffic_of(GROUPS, weights, "load balancer ml")
    assert "ml-blue" in raised.value.todo


@pytest.mark.parametrize(
    ("healthy", "desired", "expected"),
    [(4, 5, True), (3, 5, False), (5, 5, True), (0, 5, False), (0, 0, False), (1, 1, True), (79, 100, False)],
)
def test_four_of_five_are_enough(healthy: int, desired: int, expected: bool) -> None:
    assert enough(healthy, desired, 80) is expected
