"""What a comment on a pull request wants, and which comments count."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from deploy_pipeline.core.ledger.approval import Approval, WayBack
from deploy_pipeline.core.ledger.remark import (
    Order,
    Remark,
    answer,
    answer_marker,
    answering,
    asking,
    order_of,
    question,
    question_marker,
)
from deploy_pipeline_tests.samples import a_commit

NAME, PLAN = "deploy-111111111111", "plan-111111111111-222222222222"
BACK = "rollback-111111111111-22222222-333333333333"
AT = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
US = "deploy-pipeline[bot]"
WAITING = Approval(NAME, a_commit(), "nobody had approved it", "run", AT, AT + timedelta(hours=24))
ASKED = Remark(10, US, question(WAITING, "production"), AT, edited=False, url="u/10")
FINE = Remark(11, "grace", f"/approve {NAME} seen it work", AT + timedelta(minutes=1), edited=False, url="u/11")
GRANT = Order("granted", NAME, "seen it work")


@pytest.mark.parametrize(
    ("body", "order"),
    [
        (f"/approve {NAME} seen it work", GRANT),
        (f"/approve  {NAME}\tseen it   work \r\nand more", GRANT),
        (f"/reject {NAME}", Order("refused", NAME, "")),
        ("/approve plan-111111111111-222222222222 as shown", Order("granted", PLAN, "as shown")),
        ("/reject rollback-111111111111-22222222-333333333333", Order("refused", BACK, "")),
        ("/approve", Order("granted", "", "")),
        ("/reject not today", Order("refused", "", "not today")),
        ("/approve deploy-xyz", None),  # a name that is not quite one grants nothing
        (f"/approve `{NAME}`", None),
        (f"/reject {NAME.upper()}", None),
        ("/approve the deploy-time is fine", Order("granted", "", "the deploy-time is fine")),
        ("/approve a\u202eb\x1b[31m", Order("granted", "", "a b [31m")),
        ("/approve " + "x" * 400, Order("granted", "", "x" * 299 + "…")),
        ("/approved", None),
        ("/approve!", None),
        (f"/APPROVE {NAME}", None),
        (f" /approve {NAME}", None),
        (f"> /approve {NAME}", None),
        (f"please\n/approve {NAME}", None),
        ("`/approve`", None),
        ("", None),
        ("\n/approve", None),
    ],
)
def test_order_of(body: str, order: Order | None) -> None:
    assert order_of(body) == order


WAITS_TOO = replace(WAITING, id="deploy-222222222222")
WAITED = replace(WAITS_TOO, decision="refused", decided_at=AT + timedelta(minutes=5))
DECIDED_BEFORE = replace(WAITED, asked_at=AT - timedelta(hours=1), decided_at=AT)


@pytest.mark.parametrize(
    ("remark", "others", "counts"),
    [
        (FINE, [WAITS_TOO], True),
        (replace(FINE, id=9), [], False),  # before it was asked
        (replace(FINE, at=AT - timedelta(seconds=1)), [], False),
        (replace(FINE, edited=True), [], False),
        (replace(FINE, author=US), [], False),
        (replace(FINE, author="dependabot[bot]"), [], False),
        (replace(FINE, body="/approve deploy-222222222222"), [], False),
        (replace(FINE, body="/approve"), [], True),
        (replace(FINE, body="/approve"), [WAITS_TOO], False),  # which of them?
        (replace(FINE, body="/approve"), [WAITED], False),  # it was decided since, and waited then
        (replace(FINE, body="/approve"), [DECIDED_BEFORE], True),
        (replace(FINE, body="looks good"), [], False),
    ],
)
def test_which_comments_answer(remark: Remark, others: list[Approval], counts: bool) -> None:
    found = answering([remark, ASKED], ASKED, WAITING, US, others)
    assert [each for each, _ in found] == ([remark] if counts else [])


def test_the_first_comes_first() -> None:
    later = replace(FINE, id=12, body=f"/reject {NAME}")
    assert [each.id for each, _ in answering([later, FINE], ASKED, WAITING, US, [])] == [11, 12]


def test_only_our_own_question_of_this_time_is_one() -> None:
    copied = replace(ASKED, id=3, author="mallory")
    again = replace(WAITING, asked_at=AT + timedelta(hours=25))
    assert asking([copied, ASKED], WAITING, US) == ASKED
    assert asking([copied], WAITING, US) is None
    assert asking([ASKED], again, US) is None


def test_the_question_says_what_waits_why_until_when_and_how_to_answer() -> None:
    text = question(WAITING, "production")
    assert text.startswith(f"{question_marker(WAITING)}\n### ⏸️ The deployment of `{WAITING.commit.short}`")
    assert "to production waits for a person\n\nnobody had approved it\n\n" in text
    assert "Nothing has been changed. It waits until 2026-01-16 12:00 UTC" in text
    assert f"```\n/approve {NAME} why\n/reject {NAME} why\n```" in text
    assert order_of(text) is None


def test_the_question_about_a_plan_shows_what_differs_as_it_is() -> None:
    shows = ('main: add aws_sqs_queue.q["@grace"]', "main: add a.b[`x`] @grace")
    text = question(replace(WAITING, id=PLAN, shows=shows), "production")
    assert '\n- `main: add aws_sqs_queue.q["@grace"]`\n- main: add a.b\\[\\`x\\`\\] @&#8203;grace\n' in text
    assert f"/approve {PLAN} why" in text


def test_the_question_about_a_rollback_says_so() -> None:
    way = WayBack("live", "earlier", ("terraform",), "because")
    text = question(replace(WAITING, id=BACK, way_back=way), "production")
    assert f"The rollback of production to `{WAITING.commit.short}` waits for a person" in text


def test_the_answer_says_who_and_why_in_plain_words() -> None:
    granted = replace(WAITING, decision="granted", by="grace on GitHub", reason="@all <b>fine</b>")
    assert answer(granted) == (
        f"{answer_marker(WAITING)}\n✅ {NAME} was granted by grace on GitHub: "
        "@&#8203;all &lt;b&gt;fine&lt;/b&gt;. It goes on now.\n"
    )
    assert "⛔" in answer(replace(granted, decision="refused"))
