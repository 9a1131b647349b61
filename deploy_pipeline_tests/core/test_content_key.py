"""Content keys: what makes two of them equal."""

import json
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.content_key import ContentKey, Entry, key_of, listed, no_key

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=6) | st.just("\udcff")
KINDS: st.SearchStrategy[Literal["file", "folder", "link"]] = st.sampled_from(["file", "folder", "link"])
ENTRIES = st.builds(Entry, path=NAMES, kind=KINDS, mode=st.integers(0, 0o7777), content=NAMES)
TREES = st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry.path)


def of(entries: list[Entry]) -> ContentKey:
    return key_of("t", tree=listed(entries))


@given(TREES, TREES)
def test_keys_are_equal_for_equal_trees_alone(one: list[Entry], other: list[Entry]) -> None:
    assert (of(one) == of(other)) is (set(one) == set(other))


@given(TREES, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(entries: list[Entry], random: Any) -> None:
    shuffled = entries.copy()
    random.shuffle(shuffled)
    assert of(shuffled) == of(entries)


@given(ENTRIES, st.data())
def test_no_boundary_can_move(entry: Entry, data: st.DataObject) -> None:
    """What is taken from the end of the name and put in front of the content is another tree."""
    cut = data.draw(st.integers(0, max(0, len(entry.path) - 1)))
    moved = replace(entry, path=entry.path[:cut], content=entry.path[cut:] + entry.content)
    assert (of([moved]) == of([entry])) is (moved == entry)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": "x", "b": "y"}, {"a": "xy", "b": ""}),
        ({"a": ["x", "y"]}, {"a": ["xy"]}),
        ({"a": ["x"], "b": []}, {"a": [], "b": ["x"]}),
        ({"a": '","b":"'}, {"a": "", "b": ""}),
        ({"a": "1"}, {"a": 1}),
        ({"a": None}, {"a": ""}),
        ({"a": {"b": "c"}}, {"a": [["b", "c"]]}),
        ({"a": True}, {"a": 1}),
    ],
)
def test_values_that_look_alike_have_other_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key_of("s", **one) != key_of("s", **other)


def test_the_stage_is_a_part_of_the_key() -> None:
    assert key_of("build", a=1) != key_of("scan", a=1)


def test_facts_show_the_key_or_why_there_is_none() -> None:
    key = key_of("s", a=1)
    assert len(key.value) == 64
    assert key.facts == {"content key": key.value}
    assert no_key("reads the world").facts == {"not skippable": "reads the world"}
    with pytest.raises(ValueError, match="JSON"):
        key_of("s", a=float("nan"))


def test_values_are_kept_as_json() -> None:
    assert json.loads(json.dumps(listed([Entry("a", "file", 0o644, "00")]))) == [["a", "file", 420, "00"]]
