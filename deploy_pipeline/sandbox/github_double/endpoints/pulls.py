"""Endpoints of pull requests: list, read, files, change, merge. Opening one is `pull_creation`."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.pull_shapes import PullShapes, merge_base
from deploy_pipeline.sandbox.github_double.errors import ApiError, not_found, validation_failed
from deploy_pipeline.sandbox.github_double.git.changes import changed_files
from deploy_pipeline.sandbox.github_double.git.history import read_commits
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.issue_events import record
from deploy_pipeline.sandbox.github_double.pull_heads import (
    find_pull,
    follow_branch,
    pin_head,
    refresh,
    refreshed_pulls,
)
from deploy_pipeline.sandbox.github_double.pull_merge import MergeOrder, merge_pull
from deploy_pipeline.sandbox.github_double.shapes import commits
from deploy_pipeline.sandbox.github_double.store import Document

_NOT_ALLOWED = 405
_CONFLICT = 409


def pull_in_path(call: Call, repository: BareRepository) -> Document:
    """The pull request in the address as git has it now, or 404."""
    found = find_pull(call.services, call.full_name, repository, call.number("number"))
    if found is None:
        raise not_found()
    return found


def list_pulls(call: Call) -> Reply:
    """GET .../pulls?state=&head=owner:branch&base=&sort=&direction=."""
    repository = call.repository()
    pulls = [pull for pull in refreshed_pulls(call.services, call.full_name, repository) if _wanted(call, pull)]
    key = "updated_at" if call.query.get("sort") == "updated" else "created_at"
    oldest_first = call.query.get("direction", "asc" if "sort" in call.query else "desc") == "asc"
    pulls.sort(key=lambda pull: (pull[key], pull["number"]), reverse=not oldest_first)
    return call.list_reply(pulls, PullShapes(call, repository).simple)


def _wanted(call: Call, pull: Document) -> bool:
    state, base, head = call.query.get("state", "open"), call.query.get("base"), call.query.get("head")
    owner = pull["head_repository"].partition("/")[0]
    return (
        state in ("all", pull["state"])
        and base in (None, "", pull["base_ref"])
        and (not head or ":" not in head or head == f"{owner}:{pull['head_ref']}")
    )


def get_pull(call: Call) -> Reply:
    """GET .../pulls/{number}."""
    repository = call.repository()
    return Reply(PullShapes(call, repository).full(pull_in_path(call, repository)))


def list_files(call: Call) -> Reply:
    """GET .../pulls/{number}/files."""
    repository = call.repository()
    pull = pull_in_path(call, repository)
    head = pull["head_sha"]
    files = changed_files(repository, merge_base(repository, pull), head)
    return call.list_reply(files, lambda change: commits.diff_entry(call.urls, call.full_name, head, change))


def list_commits(call: Call) -> Reply:
    """GET .../pulls/{number}/commits, oldest first."""
    repository = call.repository()
    pull = pull_in_path(call, repository)
    found = read_commits(repository, "--reverse", f"{pull['base_sha']}..{pull['head_sha']}")
    return call.list_reply(found, lambda value: commits.commit(call.urls, call.full_name, value))


def update_pull(call: Call) -> Reply:
    """PATCH .../pulls/{number}: title, body, base, state."""
    repository, fields = call.repository(), call.fields("PullRequest")
    pull = pull_in_path(call, repository)
    changes: Document = {}
    if "title" in fields:
        changes["title"] = fields.required_text("title")
    if "body" in fields:
        changes["body"] = fields.text("body")
    base = fields.text("base")
    if base is not None:
        changes |= {"base_ref": base, "base_sha": _branch(repository, base)}
    state = fields.choice("state", ("open", "closed"), pull["state"])
    if state != pull["state"]:
        changes |= _change_state(call, repository, pull, state)
        record(call.services, call.full_name, pull["number"], "closed" if state == "closed" else "reopened", call.login)
    pull = call.store.update(pull, **changes, updated_at=call.services.timestamp())
    return Reply(PullShapes(call, repository).full(refresh(call.services, call.full_name, repository, pull)))


def _branch(repository: BareRepository, base: str) -> str:
    sha = repository.branch_head(base)
    if sha is None:
        raise validation_failed("PullRequest", "base", code="invalid")
    return sha


def _change_state(call: Call, repository: BareRepository, pull: Document, state: str) -> Document:
    if state == "closed":
        pin_head(repository, pull["number"], pull["head_sha"])
        return {"state": state, "closed_at": call.services.timestamp()}
    if pull["merged_at"]:
        raise validation_failed("PullRequest", "state", message="state cannot be changed. The pull request is merged.")
    branch_is_here = pull["head_repository"] != call.full_name or repository.branch_head(pull["head_ref"])
    if not branch_is_here:
        message = f"state cannot be changed. The {pull['head_ref']} branch has been deleted."
        raise validation_failed("PullRequest", "state", message=message)
    follow_branch(repository, pull, call.full_name)
    return {"state": state, "closed_at": None}


def merge(call: Call) -> Reply:
    """PUT .../pulls/{number}/merge by `merge` or `squash`; 409 for a stale sha, 405 when it cannot be merged."""
    repository, fields = call.repository(), call.fields("PullRequest")
    pull = pull_in_path(call, repository)
    method = fields.choice("merge_method", ("merge", "squash", "rebase"), "merge")
    if pull["state"] != "open":
        raise ApiError(_NOT_ALLOWED, "Pull Request is not mergeable")
    if pull["draft"]:
        raise ApiError(_NOT_ALLOWED, "Pull Request is still a draft")
    if method == "rebase":
        raise ApiError(_NOT_ALLOWED, "Rebase merges are not allowed on this repository.")
    if fields.text("sha") not in (None, pull["head_sha"]):
        raise ApiError(_CONFLICT, "Head branch was modified. Review and try the merge again.")
    order = MergeOrder(method, call.login, fields.text("commit_title"), fields.text("commit_message"))
    merged = merge_pull(call.services, call.full_name, repository, pull, order)
    return Reply({"sha": merged["merge_commit_sha"], "merged": True, "message": "Pull Request successfully merged"})


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{repo}/pulls", list_pulls),
    ("GET", "/repos/{owner}/{repo}/pulls/{number}", get_pull),
    ("PATCH", "/repos/{owner}/{repo}/pulls/{number}", update_pull),
    ("GET", "/repos/{owner}/{repo}/pulls/{number}/files", list_files),
    ("GET", "/repos/{owner}/{repo}/pulls/{number}/commits", list_commits),
    ("PUT", "/repos/{owner}/{repo}/pulls/{number}/merge", merge),
)
