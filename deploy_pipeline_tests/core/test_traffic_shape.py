"""Names of shapes, CodeDeploy's among them."""

import pytest

from deploy_pipeline.core.traffic_shape import TrafficShape, WeightStep, canary, linear, shape_of


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("AllAtOnce", TrafficShape(())),
        ("CodeDeployDefault.LambdaAllAtOnce", TrafficShape(())),
        ("CodeDeployDefault.ECSAllAtOnce", TrafficShape(())),
        ("Canary10Percent15Minutes", canary(10, 15)),
        ("CodeDeployDefault.LambdaCanary10Percent5Minutes", canary(10, 5)),
        ("LambdaCanary10Percent30Minutes", canary(10, 30)),
        ("ECSCanary10Percent5Minutes", canary(10, 5)),
        ("Linear10PercentEvery1Minute", linear(10, 1)),
        ("CodeDeployDefault.LambdaLinear10PercentEvery10Minutes", linear(10, 10)),
        ("ECSLinear10PercentEvery3Minutes", linear(10, 3)),
        ("Linear33PercentEvery2Minutes", TrafficShape((WeightStep(33, 2), WeightStep(66, 2), WeightStep(99, 2)))),
    ],
)
def test_names(name: str, shape: TrafficShape) -> None:
    assert shape_of(name) == shape


@pytest.mark.parametrize(
    "name",
    ["", "Canary", "Canary0Percent5Minutes", "Canary100Percent5Minutes", "Canary10Percent0Minutes", "allatonce",
     "Linear10PercentEvery0Minutes", "Canary10Percent5Minutes ", "CodeDeployDefault.Canary10PercentEvery5Minutes"],
)  # fmt: skip
def test_no_names(name: str) -> None:
    with pytest.raises(ValueError, match="no shape of a rollout"):
        shape_of(name)


def test_two_days_are_the_most() -> None:
    assert shape_of("Canary10Percent2880Minutes").minutes == 2880
    with pytest.raises(ValueError, match="takes 2881 minutes"):
        shape_of("Canary10Percent2881Minutes")


def test_weights_over_time() -> None:
    shape = linear(30, 2)
    assert [shape.weight_after(minutes) for minutes in range(8)] == [30, 30, 60, 60, 90, 90, 90, 90]
    assert TrafficShape(()).weight_after(0) == 100
