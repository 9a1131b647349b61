"""Pull requests of the GitHub double: from opening to a real merge, and what plain pushes do to them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from githubkit.exception import RequestFailed

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository, git_environment
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch, fork_repository
from deploy_pipeline.sandbox.github_double.store import Store
from deploy_pipeline_tests.sandbox.doubles_support import AUTHOR, FULL_NAME, NAME, OWNER, Doubles, running

PULLS = f"repos/{FULL_NAME}/pulls"


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


def opened(doubles: Doubles, branch: str = "topic", title: str = "Add topic") -> int:
    doubles.commit(branch, {f"{branch}.txt": b"1\n"}, f"Commit on {branch}")
    pulls = doubles.github.rest.pulls
    return pulls.create(OWNER, NAME, title=title, head=branch, base="main", body="Why").parsed_data.number


def merge_commit(doubles: Doubles, number: int) -> str:
    """Only the older version of the API has it, and githubkit asks for the newer one."""
    return str(doubles.raw("GET", f"{PULLS}/{number}").json()["merge_commit_sha"])


def git(doubles: Doubles, *arguments: str) -> str:
    return BareRepository(doubles.bare).text(*arguments)


def test_opened_pull_request_parses_whole(doubles: Doubles) -> None:
    number = opened(doubles, title="Größer 🚀 <b>")
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.number, pull.title, pull.state, pull.merged, pull.mergeable) == (
        1,
        "Größer 🚀 <b>",
        "open",
        False,
        True,
    )
    assert (pull.head.ref, pull.head.sha, pull.base.sha) == ("topic", git(doubles, "rev-parse", "topic"), doubles.sha)
    assert (pull.commits, pull.changed_files, pull.additions, pull.mergeable_state) == (1, 1, 1, "clean")
    assert pull.html_url == f"{doubles.site}/github/{FULL_NAME}/pull/1"
    # githubkit annotates this with a `list` that its own method of that name hides
    files: Any = doubles.github.rest.pulls.list_files(OWNER, NAME, number).parsed_data
    assert [(file.filename, file.status) for file in files] == [("topic.txt", "added")]


def test_list_filters_and_sorts(doubles: Doubles) -> None:
    for branch in ("a", "b", "c"):
        opened(doubles, branch)
    pulls = doubles.github.rest.pulls
    pulls.update(OWNER, NAME, 2, state="closed")

    def numbers(**query: str) -> list[int]:
        return [pull["number"] for pull in doubles.raw("GET", PULLS, params=query).json()]

    assert [pull.number for pull in pulls.list(OWNER, NAME).parsed_data] == [3, 1]
    assert numbers(state="all", direction="asc") == [1, 2, 3]
    assert numbers(state="closed") == [2]
    assert numbers(head=f"{OWNER}:a") == [1]
    assert numbers(base="other") == []


def test_push_moves_the_head_and_the_fetchable_ref(doubles: Doubles) -> None:
    number = opened(doubles)
    doubles.clock.now = doubles.clock.now.replace(hour=13)
    sha = doubles.commit("topic", {"topic.txt": b"2\n"})
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.head.sha, pull.updated_at.hour, pull.created_at.hour) == (sha, 13, 12)
    assert git(doubles, "rev-parse", "refs/pull/1/head") == sha


def test_merge_makes_a_commit_with_two_parents(doubles: Doubles) -> None:
    number = opened(doubles)
    head = git(doubles, "rev-parse", "topic")
    main = doubles.commit("main", {"main.txt": b"1\n"})
    merged = doubles.github.rest.pulls.merge(OWNER, NAME, number, sha=head).parsed_data
    assert merged.merged and git(doubles, "rev-parse", "main") == merged.sha
    assert git(doubles, "log", "-1", "--format=%P|%s|%b", "main") == (
        f"{main} {head}|Merge pull request #1 from acme/topic|Add topic"
    )
    assert git(doubles, "ls-tree", "--name-only", "main").split() == [
        "README.md",
        "main.txt",
        "run.sh",
        "src",
        "topic.txt",
    ]
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.state, pull.merged, merge_commit(doubles, number)) == ("closed", True, merged.sha)
    assert pull.merged_by and pull.merged_by.login == "sandbox"


def test_squash_makes_one_commit_with_one_parent(doubles: Doubles) -> None:
    number = opened(doubles)
    doubles.commit("topic", {"topic.txt": b"2\n"}, "Second")
    merged = doubles.github.rest.pulls.merge(OWNER, NAME, number, merge_method="squash").parsed_data
    assert git(doubles, "log", "-1", "--format=%P|%s|%b", "main") == (
        f"{doubles.sha}|Add topic (#1)|* Commit on topic\n\n* Second"
    )
    assert git(doubles, "rev-parse", "main") == merged.sha


@pytest.mark.parametrize(("method", "introduced"), [("merge", True), ("squash", False)])
def test_pulls_of_a_commit(doubles: Doubles, method: str, introduced: bool) -> None:
    number = opened(doubles)
    head = git(doubles, "rev-parse", "topic")
    repos = doubles.github.rest.repos

    def found(sha: str) -> list[int]:
        listed = repos.list_pull_requests_associated_with_commit(OWNER, NAME, sha).parsed_data
        return [pull.number for pull in listed]

    assert found(head) == [number]
    sha = doubles.raw("PUT", f"{PULLS}/{number}/merge", json={"merge_method": method}).json()["sha"]
    assert found(sha) == [number]
    assert found(head) == [number]
    assert found(doubles.sha) == []
    assert (git(doubles, "merge-base", "main", head) == head) is introduced


def test_merge_with_a_stale_sha_is_a_conflict(doubles: Doubles) -> None:
    number = opened(doubles)
    with pytest.raises(RequestFailed) as caught:
        doubles.github.rest.pulls.merge(OWNER, NAME, number, sha="0" * 40)
    assert caught.value.response.status_code == 409
    assert git(doubles, "rev-parse", "main") == doubles.sha


def test_conflicting_pull_request_cannot_be_merged(doubles: Doubles) -> None:
    doubles.commit("topic", {"README.md": b"# Topic\n"})
    doubles.commit("main", {"README.md": b"# Main\n"})
    pulls = doubles.github.rest.pulls
    pulls.create(OWNER, NAME, title="Conflict", head="topic", base="main")
    pull = pulls.get(OWNER, NAME, 1).parsed_data
    assert (pull.mergeable, pull.mergeable_state) == (False, "dirty")
    refused = doubles.raw("PUT", f"{PULLS}/1/merge", json={})
    assert (refused.status_code, refused.json()["message"]) == (405, "Pull Request is not mergeable")


def test_draft_closed_merged_and_rebase_are_refused(doubles: Doubles) -> None:
    doubles.commit("topic", {"topic.txt": b"1\n"})
    doubles.raw("POST", PULLS, json={"title": "T", "head": "topic", "base": "main", "draft": True})
    assert doubles.raw("PUT", f"{PULLS}/1/merge").json()["message"] == "Pull Request is still a draft"
    number = opened(doubles, "other")
    assert doubles.raw("PUT", f"{PULLS}/{number}/merge", json={"merge_method": "rebase"}).status_code == 405
    assert doubles.raw("PUT", f"{PULLS}/{number}/merge").status_code == 200
    assert doubles.raw("PUT", f"{PULLS}/{number}/merge").status_code == 405
    assert doubles.raw("PATCH", f"{PULLS}/{number}", json={"state": "open"}).status_code == 422


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, '"title" wasn\'t supplied.'),
        ({"title": 1}, "For 'properties/title', 1 is not a string."),
        ({"title": " ", "head": "topic", "base": "main"}, "title:missing_field:"),
        ({"title": "T", "head": "gone", "base": "main"}, "head:invalid:"),
        ({"title": "T", "head": "nobody:topic", "base": "main"}, "head:invalid:"),
        ({"title": "T", "head": "../../x:topic", "base": "main"}, "head:invalid:"),
        ({"title": "T", "head": "topic", "base": "gone"}, "base:invalid:"),
        ({"title": "T", "head": "main", "base": "main"}, "head:custom:No commits between main and main"),
        ({"title": "T", "head": "topic", "base": "main"}, "head:custom:A pull request already exists for acme:topic."),
        ({"title": "T", "head": "--all", "base": "main"}, "head:invalid:"),
    ],
)
def test_bad_pull_requests_are_refused(doubles: Doubles, body: dict[str, object], expected: str) -> None:
    opened(doubles)
    response = doubles.raw("POST", PULLS, json=body)
    assert response.status_code == 422
    errors = response.json().get("errors", [])
    described = [f"{error['field']}:{error['code']}:{error.get('message', '')}" for error in errors]
    assert expected in (described or [response.json()["message"].removeprefix("Invalid request.\n\n")])


def test_pushing_the_merge_by_hand_merges_the_pull_request(doubles: Doubles, tmp_path: Path) -> None:
    number = opened(doubles)
    clone = tmp_path / "clone"
    for arguments in (
        ["clone", "-q", str(doubles.bare), str(clone)],
        ["-C", str(clone), "merge", "-q", "--no-ff", "origin/topic"],
        ["-C", str(clone), "push", "-q", "origin", "HEAD:main"],
    ):
        subprocess.run(["git", *arguments], check=True, env=git_environment(), capture_output=True)
    doubles.commit("main", {"later.txt": b"1\n"})
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.merged, merge_commit(doubles, number)) == (True, git(doubles, "rev-parse", "main^"))


def test_fast_forward_push_merges_the_pull_request(doubles: Doubles) -> None:
    number = opened(doubles)
    head = git(doubles, "rev-parse", "topic")
    git(doubles, "update-ref", "refs/heads/main", head)
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.merged, merge_commit(doubles, number)) == (True, head)


@pytest.mark.parametrize("moved", [True, False])
def test_merge_that_was_cut_short_is_seen_by_the_next_reader(doubles: Doubles, moved: bool) -> None:
    number = opened(doubles)
    squashed = doubles.commit("scratch", {"topic.txt": b"1\n"}, "Squashed")
    store = Store(doubles.state / "github.sqlite")
    store.update(store.children("pull", FULL_NAME, number)[0], merge_commit_sha=squashed)
    store.close()
    if moved:
        git(doubles, "update-ref", "refs/heads/main", squashed)
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.merged, pull.state) == ((True, "closed") if moved else (False, "open"))
    if not moved:
        assert doubles.github.rest.pulls.merge(OWNER, NAME, number).parsed_data.merged


def test_deleted_branch_closes_the_pull_request_and_keeps_its_head(doubles: Doubles) -> None:
    number = opened(doubles)
    head = git(doubles, "rev-parse", "topic")
    git(doubles, "update-ref", "-d", "refs/heads/topic")
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.state, pull.merged, pull.head.sha) == ("closed", False, head)
    assert git(doubles, "rev-parse", "refs/pull/1/head") == head
    assert doubles.raw("PATCH", f"{PULLS}/{number}", json={"state": "open"}).status_code == 422


def test_branch_reset_to_the_base_closes_the_pull_request_unmerged(doubles: Doubles) -> None:
    number = opened(doubles)
    git(doubles, "update-ref", "refs/heads/topic", doubles.sha)
    doubles.commit("main", {"main.txt": b"1\n"})
    pull = doubles.github.rest.pulls.get(OWNER, NAME, number).parsed_data
    assert (pull.state, pull.merged) == ("closed", False)


def test_pull_request_from_a_fork(doubles: Doubles) -> None:
    fork = fork_repository(doubles.state, FULL_NAME, "mallory")
    sha = commit_on_branch(fork, "evil", "main", {"evil.txt": b"1\n"}, "Evil", AUTHOR)
    pulls = doubles.github.rest.pulls
    pull = pulls.create(OWNER, NAME, title="Evil", head="mallory:evil", base="main").parsed_data
    assert (pull.head.sha, pull.head.label, pull.head.repo and pull.head.repo.full_name) == (
        sha,
        "mallory:evil",
        "mallory/shop",
    )
    assert git(doubles, "rev-parse", "refs/pull/1/head") == sha
    later = commit_on_branch(fork, "evil", "main", {"evil.txt": b"2\n"}, "More", AUTHOR)
    assert pulls.get(OWNER, NAME, 1).parsed_data.head.sha == later
    assert git(doubles, "rev-parse", "refs/pull/1/head") == later
    assert pulls.merge(OWNER, NAME, 1, merge_method="squash").parsed_data.merged


def test_update_changes_title_body_and_state(doubles: Doubles) -> None:
    number = opened(doubles)
    changed = doubles.github.rest.pulls.update(
        OWNER, NAME, number, title="New", body="Text", state="closed"
    ).parsed_data
    assert (changed.title, changed.body, changed.state) == ("New", "Text", "closed")
    assert doubles.github.rest.pulls.update(OWNER, NAME, number, state="open").parsed_data.state == "open"


def test_versions_of_the_api_differ_as_on_github(doubles: Doubles) -> None:
    path = f"{PULLS}/{opened(doubles)}"
    latest = doubles.raw("GET", path, headers={"x-github-api-version": "2026-03-10"})
    assert "merge_commit_sha" not in latest.json()
    assert "merge_commit_sha" in doubles.raw("GET", path).json()
    assert doubles.raw("GET", path, headers={"x-github-api-version": "1999-01-01"}).status_code == 400


def test_odd_titles_survive_a_merge(doubles: Doubles) -> None:
    number = opened(doubles, title="-m \x00 'x' $(id) ` \u202e")
    assert doubles.raw("PUT", f"{PULLS}/{number}/merge", json={"merge_method": "squash"}).status_code == 200
    assert git(doubles, "log", "-1", "--format=%s", "main") == "-m  'x' $(id) ` \u202e (#1)"
