"""Endpoints of commit statuses."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.commits import commit_in_path
from deploy_pipeline.sandbox.github_double.errors import no_commit
from deploy_pipeline.sandbox.github_double.git.ref_names import is_sha
from deploy_pipeline.sandbox.github_double.shapes import checks
from deploy_pipeline.sandbox.github_double.store import Document, Store

_CREATED = 201
_STATES = ("error", "failure", "pending", "success")
LONGEST_DESCRIPTION = 140
_LONGEST_CONTEXT = 255


def create_status(call: Call) -> Reply:
    """POST .../statuses/{sha}; the commit must be given by its whole id."""
    repository, sha, fields = call.repository(), call.params["sha"], call.fields("Status")
    if not is_sha(sha) or repository.find_commit(sha) is None:
        raise no_commit(sha)
    now = call.services.timestamp()
    value = {
        "sha": sha,
        "state": fields.choice("state", _STATES),
        "context": fields.text("context", maximum=_LONGEST_CONTEXT) or "default",
        "description": fields.text("description", maximum=LONGEST_DESCRIPTION),
        "target_url": fields.url("target_url"),
        "creator": call.login,
        "created_at": now,
        "updated_at": now,
    }
    stored = call.store.add("status", call.full_name, sha, value)
    return Reply(checks.status(call.urls, call.full_name, stored), status=_CREATED)


def list_statuses(call: Call) -> Reply:
    """GET .../commits/{ref}/statuses: all of them, newest first."""
    sha = commit_in_path(call, call.repository())
    newest_first = call.store.children("status", call.full_name, sha)[::-1]
    return call.list_reply(newest_first, lambda value: checks.status(call.urls, call.full_name, value))


def get_combined_status(call: Call) -> Reply:
    """GET .../commits/{ref}/status: the newest of each context, and one state for all."""
    sha, page = commit_in_path(call, call.repository()), call.page()
    latest = latest_statuses(call.store, call.full_name, sha)
    shape = checks.combined_status(call.urls, call.full_name, sha, latest)
    shape["statuses"] = [checks.simple_status(call.urls, call.full_name, value) for value in page.cut(latest)]
    return Reply(shape, link=call.link(page, len(latest)))


def latest_statuses(store: Store, full_name: str, sha: str) -> list[Document]:
    """The newest status of each context of a commit."""
    return list({value["context"]: value for value in store.children("status", full_name, sha)}.values())


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{repo}/statuses/{sha}", create_status),
    ("GET", "/repos/{owner}/{repo}/commits/{ref:path}/statuses", list_statuses),
    ("GET", "/repos/{owner}/{repo}/commits/{ref:path}/status", get_combined_status),
)
