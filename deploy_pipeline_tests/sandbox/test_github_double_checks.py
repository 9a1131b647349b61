"""Statuses, deployments, check runs, comments and labels of the GitHub double."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from githubkit.exception import RequestFailed

from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, NAME, OWNER, Doubles, running, serving

REPOSITORY = f"repos/{FULL_NAME}"


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


def test_statuses_combine_by_the_newest_of_each_context(doubles: Doubles) -> None:
    repos, sha = doubles.github.rest.repos, doubles.sha
    assert repos.get_combined_status_for_ref(OWNER, NAME, "main").parsed_data.state == "pending"
    given: list[tuple[Literal["pending", "success", "failure"], str]] = [
        ("pending", "ci/lint"),
        ("success", "ci/lint"),
        ("failure", "ci/test"),
    ]
    for state, context in given:
        created = repos.create_commit_status(
            OWNER, NAME, sha, state=state, context=context, description="d" * 140, target_url="http://127.0.0.1/x"
        )
        assert created.status_code == 201
    combined = repos.get_combined_status_for_ref(OWNER, NAME, "main").parsed_data
    assert (combined.state, combined.total_count) == ("failure", 2)
    assert {status.context: status.state for status in combined.statuses} == {
        "ci/lint": "success",
        "ci/test": "failure",
    }
    listed = repos.list_commit_statuses_for_ref(OWNER, NAME, sha).parsed_data
    assert [status.state for status in listed] == ["failure", "success", "pending"]
    assert listed[0].creator and listed[0].creator.login == "sandbox"


@pytest.mark.parametrize(
    ("sha", "body", "message", "field"),
    [
        (None, {"state": "done"}, "Validation Failed", "state"),
        (None, {}, 'Invalid request.\n\n"state" wasn\'t supplied.', None),
        (None, {"state": "success", "description": "d" * 141}, "Validation Failed", "description"),
        (None, {"state": "success", "target_url": "javascript:alert(1)"}, "Validation Failed", "target_url"),
        (None, {"state": "success", "target_url": "http://[x"}, "Validation Failed", "target_url"),
        ("1" * 40, {"state": "success"}, f"No commit found for SHA: {'1' * 40}", None),
        ("main", {"state": "success"}, "No commit found for SHA: main", None),
    ],
)
def test_bad_statuses_are_refused(
    doubles: Doubles, sha: str | None, body: dict[str, str], message: str, field: str | None
) -> None:
    response = doubles.raw("POST", f"{REPOSITORY}/statuses/{sha or doubles.sha}", json=body)
    assert (response.status_code, response.json()["message"]) == (422, message)
    assert [error["field"] for error in response.json().get("errors", [])] == ([field] if field else [])


def test_validation_errors_parse_in_githubkit(doubles: Doubles) -> None:
    with pytest.raises(RequestFailed) as caught:
        doubles.github.rest.pulls.create(OWNER, NAME, title="T", head="gone", base="main")
    error = caught.value.response.parsed_data
    assert (error.message, error.errors[0].resource, error.errors[0].code) == (
        "Validation Failed",
        "PullRequest",
        "invalid",
    )


def test_deployment_lives_through_its_statuses(doubles: Doubles) -> None:
    repos = doubles.github.rest.repos
    created = doubles.raw(
        "POST", f"{REPOSITORY}/deployments", json={"ref": "main", "payload": {"run": "7"}, "required_contexts": []}
    )
    assert created.status_code == 201 and created.headers["location"] == created.json()["url"]
    deployment = repos.get_deployment(OWNER, NAME, created.json()["id"]).parsed_data
    assert (deployment.sha, deployment.environment, deployment.production_environment) == (
        doubles.sha,
        "production",
        True,
    )
    for state in ("queued", "in_progress", "success"):
        repos.create_deployment_status(OWNER, NAME, deployment.id, state=state, log_url="http://127.0.0.1/run")
    statuses = repos.list_deployment_statuses(OWNER, NAME, deployment.id).parsed_data
    assert [status.state for status in statuses] == ["success", "in_progress", "queued"]
    assert repos.get_deployment_status(OWNER, NAME, deployment.id, statuses[0].id).parsed_data.state == "success"
    found = repos.list_deployments(OWNER, NAME, environment="production").parsed_data
    assert [item.id for item in found] == [deployment.id]
    assert repos.list_deployments(OWNER, NAME, sha="0" * 40).parsed_data == []


@pytest.mark.parametrize(
    ("environment", "expected"), [("staging", ["inactive", "success"]), ("production", ["success"])]
)
def test_auto_inactive_leaves_production_alone(doubles: Doubles, environment: str, expected: list[str]) -> None:
    repos, made = doubles.github.rest.repos, []
    for _ in range(2):
        answer = doubles.raw("POST", f"{REPOSITORY}/deployments", json={"ref": "main", "environment": environment})
        made.append(answer.json()["id"])
        repos.create_deployment_status(OWNER, NAME, made[-1], state="success")
    statuses = repos.list_deployment_statuses(OWNER, NAME, made[0]).parsed_data
    assert [status.state for status in statuses] == expected


def test_deployment_waits_for_its_checks(doubles: Doubles) -> None:
    path = f"{REPOSITORY}/deployments"
    doubles.raw("POST", f"{REPOSITORY}/statuses/{doubles.sha}", json={"state": "failure", "context": "ci"})
    refused = doubles.raw("POST", path, json={"ref": "main"})
    assert (refused.status_code, refused.json()["message"]) == (409, "Conflict: Commit status checks failed for main.")
    assert doubles.raw("POST", path, json={"ref": "main", "required_contexts": ["other"]}).status_code == 409
    assert doubles.raw("POST", path, json={"ref": "main", "required_contexts": []}).status_code == 201


def test_bad_deployments_are_refused(doubles: Doubles) -> None:
    path = f"{REPOSITORY}/deployments"
    bodies: list[dict[str, object]] = [
        {},
        {"ref": "gone"},
        {"ref": "main~1"},
        {"ref": 1},
        {"ref": "main", "payload": 1},
    ]
    assert {doubles.raw("POST", path, json=body).status_code for body in bodies} == {422}
    number = doubles.raw("POST", path, json={"ref": "main"}).json()["id"]
    statuses = f"{path}/{number}/statuses"
    assert doubles.raw("POST", statuses, json={"state": "deployed"}).status_code == 422
    assert doubles.raw("POST", statuses, json={"state": "success", "description": "d" * 141}).status_code == 422
    assert doubles.raw("POST", f"{path}/999/statuses", json={"state": "success"}).status_code == 404


def test_check_run_goes_from_queued_to_completed(doubles: Doubles) -> None:
    checks = doubles.github.rest.checks
    run = checks.create(OWNER, NAME, name="lint", head_sha=doubles.sha).parsed_data
    assert (run.status, run.conclusion) == ("queued", None)
    note = {"path": "src/app.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "W1"}
    for _ in range(2):
        output = {"title": "1 finding", "summary": "Look", "annotations": [note]}
        changed = doubles.raw(
            "PATCH", f"{REPOSITORY}/check-runs/{run.id}", json={"conclusion": "failure", "output": output}
        )
        assert changed.status_code == 200
    run = checks.get(OWNER, NAME, run.id).parsed_data
    assert (run.status, run.conclusion, run.output.annotations_count) == ("completed", "failure", 2)
    assert [item.message for item in checks.list_annotations(OWNER, NAME, run.id).parsed_data] == ["W1", "W1"]
    listed = checks.list_for_ref(OWNER, NAME, "main").parsed_data
    assert (listed.total_count, listed.check_runs[0].name) == (1, "lint")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "head_sha": "main"},
        {"name": "x", "head_sha": "HEAD_SHA", "status": "completed"},
        {"name": "x", "head_sha": "HEAD_SHA", "conclusion": "fine"},
        {"name": "x", "head_sha": "HEAD_SHA", "output": {"title": "t"}},
        {"name": "x", "head_sha": "HEAD_SHA", "output": {"summary": "s", "annotations": [{}] * 51}},
        {"name": "x", "head_sha": "HEAD_SHA", "output": {"summary": "s", "annotations": [{}]}},
        {"name": "x", "head_sha": "HEAD_SHA", "completed_at": "soon"},
    ],
)
def test_bad_check_runs_are_refused(doubles: Doubles, body: dict[str, object]) -> None:
    sent = {key: doubles.sha if value == "HEAD_SHA" else value for key, value in body.items()}
    assert doubles.raw("POST", f"{REPOSITORY}/check-runs", json=sent).status_code == 422


def test_comments_are_created_listed_and_updated_in_place(doubles: Doubles) -> None:
    doubles.commit("topic", {"a.txt": b"1\n"})
    doubles.github.rest.pulls.create(OWNER, NAME, title="T", head="topic", base="main")
    issues = doubles.github.rest.issues
    made = [issues.create_comment(OWNER, NAME, 1, body=f"Comment {n} – ü").parsed_data for n in range(3)]
    doubles.clock.now = doubles.clock.now.replace(hour=13)
    issues.update_comment(OWNER, NAME, made[1].id, body="Changed")
    comments: Any = issues.list_comments(OWNER, NAME, 1).parsed_data
    bodies = [comment.body for comment in comments]
    assert bodies == ["Comment 0 – ü", "Changed", "Comment 2 – ü"]
    recent = doubles.raw("GET", f"{REPOSITORY}/issues/1/comments?since=2026-01-31T12:30:00Z").json()
    assert [comment["body"] for comment in recent] == ["Changed"]
    assert doubles.github.rest.pulls.get(OWNER, NAME, 1).parsed_data.comments == 3
    for body in ("", " ", None, "x" * 65537):
        assert doubles.raw("POST", f"{REPOSITORY}/issues/1/comments", json={"body": body}).status_code == 422
    assert doubles.raw("POST", f"{REPOSITORY}/issues/2/comments", json={"body": "x"}).status_code == 404


def test_labels_are_added_replaced_and_removed(doubles: Doubles) -> None:
    doubles.commit("topic", {"a.txt": b"1\n"})
    doubles.github.rest.pulls.create(OWNER, NAME, title="T", head="topic", base="main")
    issues = doubles.github.rest.issues
    issues.add_labels(OWNER, NAME, 1, labels=["ci: ok", "größer/öl"])
    path = f"{REPOSITORY}/issues/1/labels"
    doubles.raw("POST", path, json=["bare", "ci: ok"])
    listed: Any = issues.list_labels_on_issue(OWNER, NAME, 1).parsed_data
    assert [label.name for label in listed] == [
        "ci: ok",
        "größer/öl",
        "bare",
    ]
    assert doubles.raw("DELETE", f"{path}/ci%3A%20ok").status_code == 200
    assert doubles.raw("DELETE", f"{path}/none").status_code == 404
    labels = doubles.github.rest.pulls.get(OWNER, NAME, 1).parsed_data.labels
    assert [label.name for label in labels] == ["größer/öl", "bare"]
    assert [label["name"] for label in doubles.raw("PUT", path, json={"labels": [{"name": "only"}]}).json()] == ["only"]
    assert {doubles.raw("POST", path, json=body).status_code for body in ({}, {"labels": [1]}, ["x" * 51])} == {422}


def test_state_survives_a_restart(doubles: Doubles) -> None:
    doubles.commit("topic", {"a.txt": b"1\n"})
    doubles.github.rest.pulls.create(OWNER, NAME, title="T", head="topic", base="main")
    doubles.github.rest.repos.create_commit_status(OWNER, NAME, doubles.sha, state="success")
    with serving(doubles.state, doubles.clock) as site:
        again = Doubles(site, doubles.state, doubles.clock, doubles.sha)
        assert again.github.rest.pulls.get(OWNER, NAME, 1).parsed_data.title == "T"
        combined = again.github.rest.repos.get_combined_status_for_ref(OWNER, NAME, "main").parsed_data
        assert combined.state == "success"
