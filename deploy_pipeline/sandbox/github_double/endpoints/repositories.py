"""Endpoints about a repository as a whole: itself, branches, refs, contents, who may do what."""

from urllib.parse import quote

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.errors import empty_repository, not_found, validation_failed
from deploy_pipeline.sandbox.github_double.git.history import read_commit
from deploy_pipeline.sandbox.github_double.git.ref_names import is_ref_name
from deploy_pipeline.sandbox.github_double.git.tree import TreeEntry, children, entry_at, read_blob
from deploy_pipeline.sandbox.github_double.shapes import commits, people, repositories


def get_repository(call: Call) -> Reply:
    """GET /repos/{owner}/{repo}."""
    return Reply(repositories.full_repository(call.urls, call.full_name, call.repository()))


def list_branches(call: Call) -> Reply:
    """GET .../branches."""
    repository = call.repository()

    def shape(name: str) -> dict[str, object]:
        sha = repository.branch_head(name) or ""
        url = call.urls.api_repository(call.full_name, f"/commits/{sha}")
        return {"name": name, "commit": {"sha": sha, "url": url}, "protected": False}

    return call.list_reply(repository.branches(), shape)


def get_branch(call: Call) -> Reply:
    """GET .../branches/{branch}."""
    repository, name = call.repository(), call.params["branch"]
    sha = repository.branch_head(name)
    if sha is None:
        raise not_found("Branch not found")
    tip = commits.commit(call.urls, call.full_name, read_commit(repository, sha))
    return Reply(commits.branch(call.urls, call.full_name, name, tip))


def get_ref(call: Call) -> Reply:
    """GET .../git/ref/{ref}, where ref is `heads/main` or `tags/v1`."""
    repository, name = call.repository(), call.params["ref"]
    if repository.is_empty():
        raise empty_repository()
    sha = repository.find_commit(f"refs/{name}") if is_ref_name(name) else None
    if sha is None:
        raise not_found()
    return Reply(repositories.git_ref(call.urls, call.full_name, f"refs/{name}", sha))


def get_contents(call: Call) -> Reply:
    """GET .../contents/{path}?ref=: a file with its content, or a folder's listing."""
    repository, path = call.repository(), call.params.get("path", "").strip("/")
    if repository.is_empty():
        raise not_found("This repository is empty.")
    if "\0" in path or (path and {"..", ".", ""} & set(path.split("/"))):
        raise validation_failed("Commit", "path", code="invalid", message="path contains a malformed path component")
    ref = call.query.get("ref") or repository.default_branch()
    commit = repository.resolve(ref)
    if commit is None:
        raise not_found(f"No commit found for the ref {ref}")
    entry = entry_at(repository, commit, path)
    if entry is None:
        raise not_found()
    return _contents(call, quote(ref), entry)


def _contents(call: Call, ref: str, entry: TreeEntry) -> Reply:
    repository = call.repository()

    def item(value: TreeEntry) -> dict[str, object]:
        return repositories.content_item(call.urls, call.full_name, ref, value)

    if entry.kind == "dir":
        return Reply([item(child) for child in children(repository, entry)])
    if entry.kind == "submodule":
        return Reply(item(entry))
    return Reply(repositories.content_file(item(entry), read_blob(repository, entry.sha)))


def get_permission(call: Call) -> Reply:
    """GET .../collaborators/{user}/permission: token owners are admins, others what the control interface gave them.

    404 for who has no account: a deleted user, and a GitHub App.
    """
    call.repository()
    login = call.params["user"]
    if login == "ghost" or login.endswith("[bot]"):
        raise not_found(f"{login} is not a user")
    granted = call.store.children("collaborator", call.full_name, login)
    known = "admin" if login in call.services.tokens.values() else "none"
    return Reply(people.permission(call.urls, login, granted[-1]["permission"] if granted else known))


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{repo}", get_repository),
    ("GET", "/repos/{owner}/{repo}/branches", list_branches),
    ("GET", "/repos/{owner}/{repo}/branches/{branch:path}", get_branch),
    ("GET", "/repos/{owner}/{repo}/git/ref/{ref:path}", get_ref),
    ("GET", "/repos/{owner}/{repo}/contents", get_contents),
    ("GET", "/repos/{owner}/{repo}/contents/{path:path}", get_contents),
    ("GET", "/repos/{owner}/{repo}/collaborators/{user}/permission", get_permission),
)
