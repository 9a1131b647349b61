"""Endpoints of a pull request as an issue: comments, labels, events. No issues but pull requests exist here."""

from typing import Any

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.errors import invalid_request, not_found, validation_failed
from deploy_pipeline.sandbox.github_double.fields import Fields
from deploy_pipeline.sandbox.github_double.issue_events import events_of, record
from deploy_pipeline.sandbox.github_double.pull_heads import find_pull
from deploy_pipeline.sandbox.github_double.shapes.pulls import comment, issue_event, label
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.times import iso

_CREATED = 201
_NO_CONTENT = 204
_LONGEST_BODY = 65536
_LONGEST_LABEL = 50


def list_comments(call: Call) -> Reply:
    """GET .../issues/{number}/comments?since=, oldest first."""
    issue = _issue(call)
    since = call.moment("since")
    earliest = iso(since) if since else ""
    found = call.store.children("comment", call.full_name, issue["number"])
    return call.list_reply([value for value in found if value["updated_at"] >= earliest], _comment_shape(call))


def create_comment(call: Call) -> Reply:
    """POST .../issues/{number}/comments."""
    issue = _issue(call)
    now = call.services.timestamp()
    value = {"issue": issue["number"], "body": _body(call), "user": call.login, "created_at": now, "updated_at": now}
    stored = call.store.add("comment", call.full_name, issue["number"], value)
    call.store.update(issue, updated_at=now)
    return Reply(_comment_shape(call)(stored), status=_CREATED)


def get_comment(call: Call) -> Reply:
    """GET .../issues/comments/{id}."""
    return Reply(_comment_shape(call)(call.document("comment")))


def update_comment(call: Call) -> Reply:
    """PATCH .../issues/comments/{id}."""
    found = call.document("comment")
    changed = call.store.update(found, body=_body(call), updated_at=call.services.timestamp())
    return Reply(_comment_shape(call)(changed))


def delete_comment(call: Call) -> Reply:
    """DELETE .../issues/comments/{id}."""
    call.store.delete(call.document("comment"))
    return Reply(None, status=_NO_CONTENT)


def list_events(call: Call) -> Reply:
    """GET .../issues/{number}/events, oldest first."""
    found = events_of(call.services, call.full_name, _issue(call)["number"])
    return call.list_reply(found, lambda value: issue_event(call.urls, call.full_name, value))


def list_labels(call: Call) -> Reply:
    """GET .../issues/{number}/labels."""
    return call.list_reply(_issue(call)["labels"], lambda name: label(call.urls, call.full_name, name))


def add_labels(call: Call) -> Reply:
    """POST .../issues/{number}/labels."""
    issue = _issue(call)
    return _set_labels(call, issue, issue["labels"] + _label_names(call))


def replace_labels(call: Call) -> Reply:
    """PUT .../issues/{number}/labels."""
    return _set_labels(call, _issue(call), _label_names(call))


def remove_label(call: Call) -> Reply:
    """DELETE .../issues/{number}/labels/{name}."""
    issue, name = _issue(call), call.params["name"].casefold()
    kept = [other for other in issue["labels"] if other.casefold() != name]
    if kept == issue["labels"]:
        raise not_found("Label does not exist")
    return _set_labels(call, issue, kept)


def _issue(call: Call) -> Document:
    # As git has it now: what was pushed before this request is noted before what this request does.
    found = find_pull(call.services, call.full_name, call.repository(), call.number("number"))
    if found is None:
        raise not_found()
    return found


def _body(call: Call) -> str:
    fields = call.fields("IssueComment")
    fields.text("body", maximum=_LONGEST_BODY)
    return fields.required_text("body")


def _comment_shape(call: Call) -> Any:
    return lambda value: comment(call.urls, call.full_name, value)


def _label_names(call: Call) -> list[str]:
    """The names in `{"labels": [...]}` or in a bare list, each a text or `{"name": ...}`."""
    listed = call.body if isinstance(call.body, list) else call.body.get("labels")
    if not isinstance(listed, list):
        raise invalid_request('"labels" wasn\'t supplied.')
    texts = [item if isinstance(item, dict) else {"name": item} for item in listed]
    names = [Fields("Label", item).required_text("name") for item in texts]
    if any(len(name) > _LONGEST_LABEL for name in names):
        raise validation_failed("Label", "name", message=f"name is too long (maximum is {_LONGEST_LABEL} characters)")
    return names


def _set_labels(call: Call, issue: Document, names: list[str]) -> Reply:
    first: dict[str, str] = {}
    for name in names:
        first.setdefault(name.casefold(), name)
    labels = list(first.values())
    _note_labels(call, issue, labels)
    call.store.update(issue, labels=labels, updated_at=call.services.timestamp())
    return Reply([label(call.urls, call.full_name, name) for name in labels])


def _note_labels(call: Call, issue: Document, labels: list[str]) -> None:
    for event, one, other in (("unlabeled", issue["labels"], labels), ("labeled", labels, issue["labels"])):
        for name in one:
            if name not in other:
                record(call.services, call.full_name, issue["number"], event, call.login, label=name)


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{repo}/issues/{number}/comments", list_comments),
    ("POST", "/repos/{owner}/{repo}/issues/{number}/comments", create_comment),
    ("GET", "/repos/{owner}/{repo}/issues/comments/{id}", get_comment),
    ("PATCH", "/repos/{owner}/{repo}/issues/comments/{id}", update_comment),
    ("DELETE", "/repos/{owner}/{repo}/issues/comments/{id}", delete_comment),
    ("GET", "/repos/{owner}/{repo}/issues/{number}/events", list_events),
    ("GET", "/repos/{owner}/{repo}/issues/{number}/labels", list_labels),
    ("POST", "/repos/{owner}/{repo}/issues/{number}/labels", add_labels),
    ("PUT", "/repos/{owner}/{repo}/issues/{number}/labels", replace_labels),
    ("DELETE", "/repos/{owner}/{repo}/issues/{number}/labels/{name:path}", remove_label),
)
