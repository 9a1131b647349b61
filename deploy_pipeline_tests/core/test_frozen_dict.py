"""The frozen dictionary refuses every change and survives what values between processes go through."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from deploy_pipeline.core.frozen_dict import FrozenDict, freeze

CHANGES: list[Callable[[Any], Any]] = [
    lambda frozen: frozen.__setitem__("a", 2),
    lambda frozen: frozen.__delitem__("a"),
    lambda frozen: frozen.__ior__({"b": 1}),
    lambda frozen: frozen.clear(),
    lambda frozen: frozen.pop("a"),
    lambda frozen: frozen.popitem(),
    lambda frozen: frozen.setdefault("b", 1),
    lambda frozen: frozen.update({"b": 1}),
]


@pytest.mark.parametrize("change", CHANGES)
def test_frozen_dict_refuses_changes(change: Callable[[Any], Any]) -> None:
    frozen = FrozenDict({"a": 1})
    with pytest.raises(TypeError, match="cannot be changed"):
        change(frozen)
    assert frozen == {"a": 1}


@pytest.mark.parametrize("copied", [lambda v: pickle.loads(pickle.dumps(v)), copy.copy, copy.deepcopy])
def test_frozen_dict_copies_stay_frozen(copied: Callable[[Any], Any]) -> None:
    frozen = FrozenDict({"a": FrozenDict({"b": (1, 2)})})
    assert copied(frozen) == frozen
    assert isinstance(copied(frozen), FrozenDict)


def test_freeze_goes_to_the_bottom() -> None:
    frozen = freeze({"a": [{"b": [1]}]})
    assert frozen == {"a": ({"b": (1,)},)}
    assert isinstance(frozen["a"][0], FrozenDict)
    assert json.dumps(frozen) == '{"a": [{"b": [1]}]}'
