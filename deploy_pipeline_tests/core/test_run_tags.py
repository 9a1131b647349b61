"""What the tags of a run say of a validation."""

from dataclasses import replace

import pytest

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.run_tags import Validated, validated, validation_tags
from deploy_pipeline_tests.checks.benches import HEAD, PULL_REQUEST

NUMBER, SHA = run_tags.VALIDATED_PULL_REQUEST, run_tags.VALIDATED_HEAD


def test_a_title_that_utf_8_cannot_hold_is_kept_as_far_as_it_goes() -> None:
    tags = validation_tags(replace(PULL_REQUEST, title="a\udcffb" + "é" * 200), False)
    assert tags[run_tags.VALIDATION_TITLE] == "a?b" + "é" * 97


@pytest.mark.parametrize("authorised", [True, False])
def test_validated_reads_what_validation_tags_wrote(authorised: bool) -> None:
    assert validated(validation_tags(PULL_REQUEST, authorised)) == Validated(7, HEAD, authorised)


@pytest.mark.parametrize(
    "tags",
    [
        {}, {NUMBER: "7"}, {SHA: HEAD}, {NUMBER: "", SHA: HEAD}, {NUMBER: "-7", SHA: HEAD}, {NUMBER: "x", SHA: HEAD},
        {NUMBER: "\u0667", SHA: HEAD}, {NUMBER: "7", SHA: ""},
    ],
)  # fmt: skip
def test_validated_of_anything_else_is_nothing(tags: dict[str, str]) -> None:
    assert validated(tags) is None
