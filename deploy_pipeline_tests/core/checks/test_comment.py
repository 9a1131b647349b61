"""The comment on a pull request, whole. The expected texts are in `data/comments`, the values in `comment_case`."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.core.checks.assessment import CheckResult, Finding, Table
from deploy_pipeline_tests.core.checks.comment_case import (
    CASES,
    FAILING,
    HOSTILE,
    HOSTILE_RESULTS,
    HUGE,
    PULL_REQUEST,
    RUN,
    SUBJECT,
    comment,
)
from deploy_pipeline_tests.core.checks.test_markdown import Page

EXPECTED = Path(__file__).parents[2] / "data" / "comments"
NOTICE = f"… cut: the rest is in [the run]({RUN})."


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("name", CASES)
def test_render(name: str) -> None:
    assert f"{CASES[name]}\n" == (EXPECTED / f"{name}.md").read_text()


def test_render_fits_any_limit_with_every_check_and_every_section_closed() -> None:
    notes = (HOSTILE,) * 3
    whole = size(comment(SUBJECT, FAILING, notes))
    for limit in range(2_000, whole + 1_000, 37):
        text = comment(SUBJECT, FAILING, notes, limit)
        assert size(text) <= limit
        assert all(f"`{result.check.replace('_', '-')}`" in text for result in FAILING)
        assert text.count("<details>") == text.count("</details>")
        assert [line for line in text.splitlines() if line.startswith("|") and not line.endswith("|")] == []
        assert NOTICE in text if limit < whole else NOTICE not in text or limit < whole + len(NOTICE) + 10


def test_render_of_thousands_of_findings_fits_by_default() -> None:
    text = comment(SUBJECT, HUGE * 6)
    assert size(text) <= 65_000
    assert text.endswith(NOTICE)


def test_render_shows_fifty_findings_of_a_check_and_counts_the_others() -> None:
    text = comment(SUBJECT, HUGE[:1])
    assert (text.count("package/module_") // 2, "… and 1,950 more: they are in the run." in text) == (50, True)
    assert NOTICE not in text


def test_render_shortens_the_words_of_checks_before_it_loses_a_check() -> None:
    results = tuple(CheckResult(f"check_{n}", "failed", "<&|>" * 10_000, True) for n in range(200))
    text = comment(SUBJECT, results)
    assert (size(text) <= 65_000, all(f"| `check-{n}` |" in text for n in range(200))) == (True, True)
    assert "| ❌ | `check-7` | failed |" in text


def test_render_of_hostile_text_has_only_our_tags_and_links() -> None:
    page = Page(CASES["hostile"])
    allowed = "comment h2 h3 p a code strong table thead tbody tr th td ul li details summary"
    assert set(page.tags) - set(allowed.split()) == set()
    assert page.tags.count("a") == 2
    assert page.tags.count("details") == 1


def test_render_survives_odd_tables_and_numbers() -> None:
    tables = (Table("", (), (("a",),)), Table("t", ("a",), ()), Table("", ("a", "b"), (("1",), ("2", "3", "4"))))
    finding = Finding("", "", path="x", line=-5, end_line=-9)
    result = CheckResult("odd", "broken", "", False, -1.0, -3, 0, (finding,), tables)
    text = comment(SUBJECT, (result,))
    assert "| 1 |  |\n| 2 | 3 |" in text
    assert "a1b2c3d4e5/x) |  |  | yes |" in text


def test_render_without_a_pull_request_has_no_links_but_the_run() -> None:
    text = comment(replace(SUBJECT, pull_request=None), FAILING)
    assert text.count("](") == 1


def test_render_names_a_hostile_branch_as_text() -> None:
    subject = replace(SUBJECT, pull_request=replace(PULL_REQUEST, base_branch="<img src=x>|@all"))
    assert "`<img" not in comment(subject, HOSTILE_RESULTS)
