"""What the GitHub double notes of pull requests, and other people than the token's owner."""

import subprocess
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, NAME, OWNER, Doubles, running, serving

REPOSITORY = f"repos/{FULL_NAME}"
LABELS = f"{REPOSITORY}/issues/1/labels"


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        started.commit("topic", {"a.txt": b"1\n"})
        started.github.rest.pulls.create(OWNER, NAME, title="T", head="topic", base="main")
        yield started


def events(doubles: Doubles) -> list[tuple[str, str]]:
    """Of the raw answer: githubkit has no model for most of GitHub's events."""
    found = doubles.raw("GET", f"{REPOSITORY}/issues/1/events").json()
    return [(event["event"], event["actor"]["login"]) for event in found]


def move(doubles: Doubles, branch: str, to: str) -> None:
    subprocess.run(["git", "-C", str(doubles.bare), "update-ref", f"refs/heads/{branch}", to], check=True)


def test_labels_are_noted_once_with_who_and_when(doubles: Doubles) -> None:
    doubles.control("people", login="maria", token="token-of-maria")
    maria = {"authorization": "Bearer token-of-maria"}
    doubles.raw("POST", LABELS, json=["one", "two"])
    doubles.raw("POST", LABELS, json=["ONE"], headers=maria)
    doubles.raw("PUT", LABELS, json=["two", "three"], headers=maria)
    doubles.raw("DELETE", f"{LABELS}/TWO")
    found: Any = doubles.github.rest.issues.list_events(OWNER, NAME, 1).parsed_data
    assert [(event.event, event.actor.login, event.label.name) for event in found] == [
        ("labeled", "sandbox", "one"),
        ("labeled", "sandbox", "two"),
        ("unlabeled", "maria", "one"),
        ("labeled", "maria", "three"),
        ("unlabeled", "sandbox", "two"),
    ]
    assert [event.id for event in found] == sorted(event.id for event in found)
    raw = doubles.raw("GET", f"{REPOSITORY}/issues/1/events?per_page=1&page=2")
    assert 'rel="next"' in raw.headers["link"]
    (second,) = raw.json()
    assert (second["created_at"], second["commit_id"]) == ("2026-01-31T12:00:00Z", None)
    assert second["label"] == {"name": "two", "color": "ededed"}
    assert doubles.raw("GET", f"{REPOSITORY}/issues/9/events").status_code == 404


def test_only_forced_pushes_are_noted_and_before_what_follows(doubles: Doubles) -> None:
    first = doubles.commit("topic", {"a.txt": b"2\n"})
    doubles.raw("POST", LABELS, json=["one"])
    other = doubles.commit("aside", {"b.txt": b"1\n"})
    move(doubles, "topic", other)
    doubles.raw("POST", LABELS, json=["two"])
    move(doubles, "topic", first)
    assert doubles.github.rest.pulls.get(OWNER, NAME, 1).parsed_data.head.sha == first
    assert [event for event, _ in events(doubles)] == [
        "labeled",
        "head_ref_force_pushed",
        "labeled",
        "head_ref_force_pushed",
    ]


def test_closing_reopening_and_merging_are_noted(doubles: Doubles) -> None:
    for state in ("closed", "open"):
        doubles.raw("PATCH", f"{REPOSITORY}/pulls/1", json={"state": state})
    doubles.raw("PUT", f"{REPOSITORY}/pulls/1/merge", json={})
    expected = [("closed", "sandbox"), ("reopened", "sandbox"), ("merged", "sandbox"), ("closed", "sandbox")]
    assert events(doubles) == expected


def test_a_deleted_branch_is_noted(doubles: Doubles) -> None:
    subprocess.run(["git", "-C", str(doubles.bare), "update-ref", "-d", "refs/heads/topic"], check=True)
    doubles.raw("GET", f"{REPOSITORY}/pulls/1")
    assert [event for event, _ in events(doubles)] == ["head_ref_deleted", "closed"]


def test_people_are_remembered_and_only_they_are_let_in(doubles: Doubles) -> None:
    doubles.control("people", login="maria", token="token-of-maria")
    user = f"{doubles.api}user"
    assert httpx.get(user, headers={"authorization": "Bearer token-of-maria"}).json()["login"] == "maria"
    assert httpx.get(user, headers={"authorization": "Bearer token-of-nobody"}).status_code == 401
    with serving(doubles.state, doubles.clock) as site:
        again = httpx.get(f"{site}/github/api/v3/user", headers={"authorization": "Bearer token-of-maria"})
    assert again.json()["login"] == "maria"
    for order in ({"login": "", "token": "t"}, {"login": "a/b", "token": "t"}, {"login": "maria", "token": ""}):
        assert httpx.post(f"{doubles.site}/github/_control/people", json=order).status_code == 400


@pytest.mark.parametrize(
    ("role", "permission", "flags"),
    [
        ("maintain", "write", ["maintain", "push", "triage", "pull"]),
        ("triage", "read", ["triage", "pull"]),
        ("none", "none", []),
    ],
)
def test_permission_has_the_role_too(doubles: Doubles, role: str, permission: str, flags: list[str]) -> None:
    doubles.control("collaborators", repository=FULL_NAME, login="maria", permission=role)
    found = doubles.raw("GET", f"{REPOSITORY}/collaborators/maria/permission").json()
    assert (found["permission"], found["role_name"]) == (permission, role)
    assert [name for name, given in found["user"]["permissions"].items() if given] == flags


def test_comments_are_deleted(doubles: Doubles) -> None:
    path = f"{REPOSITORY}/issues/comments"
    made = doubles.raw("POST", f"{REPOSITORY}/issues/1/comments", json={"body": "one"}).json()
    deleted = doubles.raw("DELETE", f"{path}/{made['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert doubles.raw("DELETE", f"{path}/{made['id']}").status_code == 404
    assert doubles.raw("GET", f"{REPOSITORY}/issues/1/comments").json() == []


def test_answers_carry_the_time_of_their_events(doubles: Doubles) -> None:
    answer = doubles.raw("GET", f"{REPOSITORY}/pulls")
    assert parsedate_to_datetime(answer.headers["date"]) == doubles.clock.now
