"""Real plans with one value of another kind somewhere in them: refused or priced, never an error of ours."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from deploy_pipeline.core.cost.estimate import regions
from deploy_pipeline.core.cost.monthly import total
from deploy_pipeline.core.cost.planned import UnreadablePlan, read_resources
from deploy_pipeline.core.cost.report import assess
from deploy_pipeline.core.spec_infrastructure_checks import CostCheck
from deploy_pipeline_tests.core.cost.plans import costs, real_plan

WRONG: tuple[Any, ...] = (None, True, -5, 10**40, 0.1, "x", "", "9" * 400, [], {}, [1], [{}], {"a": 1})
TRIES = 600


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The keys that lead to every value in a value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*place, key)
        yield from places(part, (*place, key))


@pytest.mark.parametrize("name", ["plan_of_new_resources.json", "plan_of_changes.json"])
def test_one_wrong_value_is_never_an_error_of_ours(name: str) -> None:
    text = real_plan(name)
    choose = random.Random(name)
    for *path, last in choose.choices(list(places(json.loads(text))), k=TRIES):
        plan = whole = json.loads(text)
        for key in path:
            plan = plan[key]
        plan[last] = choose.choice(WRONG)
        content = json.dumps(whole).encode()
        try:
            read = read_resources(content)
        except UnreadablePlan:
            continue
        assert all(isinstance(region, str) for region in regions(read))
        assert assess(total("sheet", costs(content)), CostCheck()).state in {"passed", "failed"}
