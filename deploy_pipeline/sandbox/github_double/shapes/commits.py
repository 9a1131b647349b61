"""Commits, branches, file changes and comparisons in GitHub's JSON shapes."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from deploy_pipeline.sandbox.github_double.git.changes import FileChange
from deploy_pipeline.sandbox.github_double.git.history import Commit, Signature
from deploy_pipeline.sandbox.github_double.shapes.people import login_of, node_id, simple_user
from deploy_pipeline.sandbox.github_double.times import iso
from deploy_pipeline.sandbox.github_double.urls import Urls

_UNVERIFIED = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}


def commit(urls: Urls, full_name: str, value: Commit) -> dict[str, Any]:
    """`Commit` without its files."""
    api = urls.api_repository(full_name, f"/commits/{value.sha}")
    return {
        "url": api,
        "sha": value.sha,
        "node_id": node_id("Commit", value.sha),
        "html_url": urls.page(full_name, f"/commit/{value.sha}"),
        "comments_url": f"{api}/comments",
        "commit": _git_commit(urls, full_name, value),
        "author": _account(urls, value.author),
        "committer": _account(urls, value.committer),
        "parents": [_parent(urls, full_name, sha) for sha in value.parents],
    }


def commit_with_files(
    shape: dict[str, Any], files: Sequence[FileChange], shown: list[dict[str, Any]]
) -> dict[str, Any]:
    """`Commit` with the counts over all its files and the ones of this page."""
    added, removed = sum(file.additions for file in files), sum(file.deletions for file in files)
    return {**shape, "stats": {"additions": added, "deletions": removed, "total": added + removed}, "files": shown}


def diff_entry(urls: Urls, full_name: str, sha: str, change: FileChange) -> dict[str, Any]:
    """`DiffEntry`: one changed file, in the state it has in commit `sha`."""
    page, path = urls.page(full_name, f"/commit/{sha}"), quote(change.path)
    shape: dict[str, Any] = {
        "sha": change.blob,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": page,
        "raw_url": page,
        "contents_url": urls.api_repository(full_name, f"/contents/{path}?ref={sha}"),
    }
    optional = {"patch": change.patch, "previous_filename": change.previous}
    return shape | {key: value for key, value in optional.items() if value is not None}


def branch(urls: Urls, full_name: str, name: str, tip: dict[str, Any]) -> dict[str, Any]:
    """`BranchWithProtection` of an unprotected branch; `tip` is the shape of its commit."""
    api = urls.api_repository(full_name, f"/branches/{name}")
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return {
        "name": name,
        "commit": tip,
        "_links": {"self": api, "html": urls.page(full_name, f"/commit/{tip['sha']}")},
        "protected": False,
        "protection": {"enabled": False, "required_status_checks": checks},
        "protection_url": f"{api}/protection",
    }


def comparison(urls: Urls, full_name: str, basehead: str, ahead: int, behind: int) -> dict[str, Any]:
    """`CommitComparison` without its commits and files."""
    page = urls.page(full_name, f"/compare/{quote(basehead)}")
    status = "diverged" if ahead and behind else "ahead" if ahead else "behind" if behind else "identical"
    return {
        "url": urls.api_repository(full_name, f"/compare/{quote(basehead)}"),
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
    }


def _git_commit(urls: Urls, full_name: str, value: Commit) -> dict[str, Any]:
    return {
        "url": urls.api_repository(full_name, f"/git/commits/{value.sha}"),
        "author": _signature(value.author),
        "committer": _signature(value.committer),
        "message": value.message,
        "comment_count": 0,
        "tree": {"sha": value.tree, "url": urls.api_repository(full_name, f"/git/trees/{value.tree}")},
        "verification": _UNVERIFIED,
    }


def _signature(value: Signature) -> dict[str, str]:
    return {"name": value.name, "email": value.email, "date": iso(value.at)}


def _account(urls: Urls, value: Signature) -> dict[str, Any] | None:
    login = "web-flow" if value.email == "noreply@github.com" else login_of(value.email)
    return simple_user(urls, login) if login else None


def _parent(urls: Urls, full_name: str, sha: str) -> dict[str, str]:
    return {
        "sha": sha,
        "url": urls.api_repository(full_name, f"/commits/{sha}"),
        "html_url": urls.page(full_name, f"/commit/{sha}"),
    }
