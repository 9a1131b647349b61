"""Repositories, refs and contents in GitHub's JSON shapes."""

import base64
from datetime import UTC, datetime
from typing import Any

from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.git.tree import TreeEntry
from deploy_pipeline.sandbox.github_double.shapes.people import node_id, simple_user, stable_id
from deploy_pipeline.sandbox.github_double.times import iso
from deploy_pipeline.sandbox.github_double.urls import Urls

_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}
_ZEROS = (
    "forks_count",
    "stargazers_count",
    "watchers_count",
    "size",
    "open_issues_count",
    "subscribers_count",
    "network_count",
    "forks",
    "open_issues",
    "watchers",
)
_SINCE = "2020-01-01T00:00:00Z"
_CONTENT_LIMIT = 1024 * 1024  # bytes; GitHub sends no content beyond it


def minimal_repository(urls: Urls, full_name: str) -> dict[str, Any]:
    """`MinimalRepository`."""
    owner, _, name = full_name.partition("/")
    number, api = stable_id(full_name), urls.api_repository(full_name)
    return {
        "id": number,
        "node_id": node_id("Repository", number),
        "name": name,
        "full_name": full_name,
        "owner": simple_user(urls, owner),
        "private": True,
        "visibility": "private",
        "html_url": urls.page(full_name),
        "description": None,
        "fork": False,
        "url": api,
        **{f"{key}_url": api + suffix for key, suffix in _LINKS.items()},
    }


def full_repository(urls: Urls, full_name: str, repository: BareRepository) -> dict[str, Any]:
    """`FullRepository`, which has every field of `Repository` too. `clone_url` is the bare repository on disk."""
    location = repository.path.resolve().as_uri()
    pushed = repository.text("for-each-ref", "--sort=-committerdate", "--count=1", "--format=%(committerdate:unix)")
    return {
        **minimal_repository(urls, full_name),
        **dict.fromkeys(_ZEROS, 0),
        **dict.fromkeys(("mirror_url", "homepage", "language", "license")),
        **dict.fromkeys(("git_url", "ssh_url", "clone_url", "svn_url"), location),
        **_features(),
        "default_branch": repository.default_branch(),
        "created_at": _SINCE,
        "pushed_at": _pushed_at(pushed),
        "updated_at": _pushed_at(pushed),
        "permissions": dict.fromkeys(("admin", "maintain", "push", "triage", "pull"), True),
        "topics": [],
    }


def git_ref(urls: Urls, full_name: str, ref: str, sha: str) -> dict[str, Any]:
    """`GitRef`; `ref` is whole, such as `refs/heads/main`."""
    return {
        "ref": ref,
        "node_id": node_id("Ref", f"{full_name}:{ref}"),
        "url": urls.api_repository(full_name, f"/git/{ref}"),
        "object": {"type": "commit", "sha": sha, "url": urls.api_repository(full_name, f"/git/commits/{sha}")},
    }


def content_item(urls: Urls, full_name: str, ref: str, entry: TreeEntry) -> dict[str, Any]:
    """An item of a folder's listing; `content_file` adds what is in it."""
    address = urls.api_repository(full_name, f"/contents/{entry.path}?ref={ref}")
    blob = urls.api_repository(full_name, f"/git/blobs/{entry.sha}")
    page = urls.page(full_name, f"/commit/{ref}")
    return {
        "type": entry.kind,
        "size": entry.size,
        "name": entry.path.rpartition("/")[2],
        "path": entry.path,
        "sha": entry.sha,
        "url": address,
        "git_url": blob,
        "html_url": page,
        "download_url": None,
        "_links": {"self": address, "git": blob, "html": page},
    }


def content_file(item: dict[str, Any], content: bytes) -> dict[str, Any]:
    """`ContentFile`, or `ContentSymlink` with its target."""
    if item["type"] == "symlink":
        return {**item, "target": content.decode(errors="replace")}
    if len(content) > _CONTENT_LIMIT:
        return {**item, "encoding": "none", "content": ""}
    return {**item, "encoding": "base64", "content": base64.encodebytes(content).decode()}


def _features() -> dict[str, bool]:
    """What is on and off in every repository here; rebase merges are off because they are not modelled."""
    off = ("has_projects", "has_wiki", "has_pages", "has_discussions", "archived", "disabled", "allow_rebase_merge")
    on = ("has_issues", "allow_merge_commit", "allow_squash_merge")
    return {**dict.fromkeys(off, False), **dict.fromkeys(on, True)}


def _pushed_at(epoch: str) -> str:
    from_git = epoch.splitlines()
    if not from_git:
        return _SINCE
    return iso(datetime.fromtimestamp(int(from_git[0]), UTC))
