"""Endpoints of check runs. GitHub lets only a GitHub App write them; here every token may."""

from typing import Any

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.commits import commit_in_path
from deploy_pipeline.sandbox.github_double.errors import invalid_request, no_commit
from deploy_pipeline.sandbox.github_double.fields import Fields
from deploy_pipeline.sandbox.github_double.git.ref_names import is_sha
from deploy_pipeline.sandbox.github_double.shapes import checks
from deploy_pipeline.sandbox.github_double.store import Document

_CREATED = 201
_STATES = ("queued", "in_progress", "completed")
_CONCLUSIONS = ("action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out")
_LEVELS = ("notice", "warning", "failure")
_MOST_ANNOTATIONS = 50
_LONGEST_TEXT = 65535


def create_check_run(call: Call) -> Reply:
    """POST .../check-runs with name and head_sha."""
    repository, fields = call.repository(), call.fields("CheckRun")
    name, sha = fields.required_text("name"), fields.required_text("head_sha")
    if not is_sha(sha) or repository.find_commit(sha) is None:
        raise no_commit(sha)
    unset = dict.fromkeys(("external_id", "details_url", "conclusion", "started_at", "completed_at"))
    empty: Document = {**unset, "status": "queued", "output": {}, "annotations": []}
    value = {**empty, **_changes(call, fields, empty), "name": name, "head_sha": sha}
    value["started_at"] = value["started_at"] or call.services.timestamp()
    stored = call.store.add("check_run", call.full_name, sha, value)
    return Reply(checks.check_run(call.urls, call.full_name, stored), status=_CREATED)


def update_check_run(call: Call) -> Reply:
    """PATCH .../check-runs/{id}; annotations are added to the ones that are there."""
    found, fields = call.document("check_run"), call.fields("CheckRun")
    changes = _changes(call, fields, found)
    if "name" in fields:
        changes["name"] = fields.required_text("name")
    return Reply(checks.check_run(call.urls, call.full_name, call.store.update(found, **changes)))


def _changes(call: Call, fields: Fields, before: Document) -> Document:
    changes: Document = {key: fields.text(key) for key in ("external_id",) if key in fields}
    changes |= {key: fields.moment(key) for key in ("started_at", "completed_at") if key in fields}
    if "details_url" in fields:
        changes["details_url"] = fields.url("details_url")
    if "status" in fields:
        changes["status"] = fields.choice("status", _STATES)
    if "conclusion" in fields:
        changes |= {"conclusion": fields.choice("conclusion", _CONCLUSIONS), "status": "completed"}
    after = {**before, **changes}
    if after["status"] != "completed":
        changes["conclusion"] = None
    elif not after["conclusion"]:
        raise invalid_request('"conclusion" wasn\'t supplied.')
    else:
        changes["completed_at"] = after["completed_at"] or call.services.timestamp()
    return changes | _output(fields, before)


def _output(fields: Fields, before: Document) -> Document:
    output = fields.part("output")
    if output is None:
        return {}
    texts = {"title": output.text("title") or before["output"].get("title"), "summary": output.required_text("summary")}
    texts |= {"text": output.text("text", maximum=_LONGEST_TEXT)}
    output.text("summary", maximum=_LONGEST_TEXT)
    added = output.body.get("annotations") or []
    if not isinstance(added, list) or len(added) > _MOST_ANNOTATIONS:
        raise invalid_request(f'No subschema in "annotations" matched: at most {_MOST_ANNOTATIONS} at a time.')
    return {"output": texts, "annotations": before["annotations"] + [_annotation(item) for item in added]}


def _annotation(item: Any) -> Document:
    if not isinstance(item, dict):
        raise invalid_request(f"For 'properties/annotations', {item!r} is not an object.")
    fields = Fields("CheckRun", item)
    lines = {key: item.get(key) for key in ("start_line", "end_line")}
    if not all(isinstance(line, int) for line in lines.values()):
        raise invalid_request('"start_line", "end_line" weren\'t supplied.')
    return {
        **lines,
        "path": fields.required_text("path"),
        "annotation_level": fields.choice("annotation_level", _LEVELS),
        "message": fields.required_text("message"),
        "title": fields.text("title"),
        "raw_details": fields.text("raw_details"),
        "start_column": item.get("start_column"),
        "end_column": item.get("end_column"),
    }


def get_check_run(call: Call) -> Reply:
    """GET .../check-runs/{id}."""
    return Reply(checks.check_run(call.urls, call.full_name, call.document("check_run")))


def list_annotations(call: Call) -> Reply:
    """GET .../check-runs/{id}/annotations."""
    found = call.document("check_run")
    blob = call.urls.page(call.full_name, f"/commit/{found['head_sha']}")
    return call.list_reply(found["annotations"], lambda item: {**item, "blob_href": blob})


def list_check_runs(call: Call) -> Reply:
    """GET .../commits/{ref}/check-runs?check_name=&status=&filter=: the newest of each name, or all of them."""
    sha, page = commit_in_path(call, call.repository()), call.page()
    found = call.store.children("check_run", call.full_name, sha)
    if call.query.get("filter", "latest") == "latest":
        found = list({value["name"]: value for value in found}.values())
    wanted = {"name": call.query.get("check_name"), "status": call.query.get("status")}
    found = [value for value in found if all(not text or value[key] == text for key, text in wanted.items())]
    shapes = [checks.check_run(call.urls, call.full_name, value) for value in page.cut(found)]
    return Reply({"total_count": len(found), "check_runs": shapes}, link=call.link(page, len(found)))


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{repo}/check-runs", create_check_run),
    ("GET", "/repos/{owner}/{repo}/check-runs/{id}", get_check_run),
    ("PATCH", "/repos/{owner}/{repo}/check-runs/{id}", update_check_run),
    ("GET", "/repos/{owner}/{repo}/check-runs/{id}/annotations", list_annotations),
    ("GET", "/repos/{owner}/{repo}/commits/{ref:path}/check-runs", list_check_runs),
)
