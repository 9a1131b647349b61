"""How the sandbox's requests fall on versions, and what is measured of them."""

from random import Random

import pytest

from deploy_pipeline.sandbox.traffic.load import Called, Fault, divided, measured, weights_of

FINE, FAILED = Called(20.0, False), Called(5.0, True)


def test_requests_fall_by_the_weights() -> None:
    found = divided(10_000, weights_of("1", {"2": 0.1}), Random(1))
    assert sum(found.values()) == 10_000
    assert 900 < found["2"] < 1100
    assert divided(600, weights_of("1", {}), Random(1)) == {"1": 600}


@pytest.mark.parametrize(
    ("calls", "fault", "least", "most"),
    [
        ([FINE] * 4, Fault(), 0, 0),
        ([FINE, FINE, FINE, FAILED], Fault(), 200, 300),
        ([FAILED] * 4, Fault(), 1000, 1000),
        ([FINE] * 4, Fault(errors=0.05), 30, 75),
    ],
)
def test_errors_are_those_of_the_calls_and_of_the_fault(
    calls: list[Called], fault: Fault, least: int, most: int
) -> None:
    minute = measured(1000, calls, fault, Random(1))
    assert minute.requests == 1000
    assert least <= minute.errors <= most


def test_durations_are_those_of_the_calls_and_of_the_fault() -> None:
    assert measured(10, [FINE, FAILED], Fault(milliseconds=300), Random(1)).durations == (320.0, 305.0)
