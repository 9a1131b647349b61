"""Pull requests, labels, comments and events in GitHub's JSON shapes."""

from typing import Any
from urllib.parse import quote

from deploy_pipeline.sandbox.github_double.shapes.people import node_id, simple_user, stable_id
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.urls import Urls

_STORED = (
    "id",
    "number",
    "state",
    "title",
    "body",
    "draft",
    "created_at",
    "updated_at",
    "closed_at",
    "merged_at",
    "merge_commit_sha",
)
_LABEL_COLOR = "ededed"


def pull_request(
    urls: Urls, full_name: str, pull: Document, base_repository: Any, head_repository: Any
) -> dict[str, Any]:
    """`PullRequestSimple`. The last two are shapes of repositories; a fork that was deleted is None."""
    return {
        **{key: pull[key] for key in _STORED},
        **_links(urls, full_name, pull),
        "node_id": node_id("PullRequest", pull["id"]),
        "locked": False,
        "user": simple_user(urls, pull["user"]),
        "labels": [label(urls, full_name, name) for name in pull["labels"]],
        **dict.fromkeys(("milestone", "auto_merge", "active_lock_reason", "assignee")),
        **{key: [] for key in ("assignees", "requested_reviewers", "requested_teams")},
        "head": _end(urls, pull["head_repository"], pull["head_ref"], pull["head_sha"], head_repository),
        "base": _end(urls, full_name, pull["base_ref"], pull["base_sha"], base_repository),
        "author_association": "OWNER" if pull["user"] == full_name.partition("/")[0] else "CONTRIBUTOR",
    }


def label(urls: Urls, full_name: str, name: str) -> dict[str, Any]:
    """`Label`. A label is only a name here."""
    number = stable_id(f"{full_name}:{name}")
    return {
        "id": number,
        "node_id": node_id("Label", number),
        "url": urls.api_repository(full_name, f"/labels/{quote(name, safe='')}"),
        "name": name,
        "description": None,
        "color": _LABEL_COLOR,
        "default": False,
        "archived_at": None,
        "archived_by": None,
    }


def issue_event(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`IssueEvent`; only the events of labels have a label."""
    named = {"label": {"name": value["label"], "color": _LABEL_COLOR}} if "label" in value else {}
    return {
        "id": value["id"],
        "node_id": node_id("IssueEvent", value["id"]),
        "url": urls.api_repository(full_name, f"/issues/events/{value['id']}"),
        "actor": simple_user(urls, value["actor"]),
        "event": value["event"],
        "commit_id": None,
        "commit_url": None,
        "created_at": value["created_at"],
        "performed_via_github_app": None,
        **named,
    }


def comment(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`IssueComment`."""
    page = urls.page(full_name, f"/pull/{value['issue']}")
    return {
        "id": value["id"],
        "node_id": node_id("IssueComment", value["id"]),
        "url": urls.api_repository(full_name, f"/issues/comments/{value['id']}"),
        "html_url": f"{page}#issuecomment-{value['id']}",
        "issue_url": urls.api_repository(full_name, f"/issues/{value['issue']}"),
        "body": value["body"],
        "user": simple_user(urls, value["user"]),
        "created_at": value["created_at"],
        "updated_at": value["updated_at"],
        "author_association": "MEMBER",
        "performed_via_github_app": None,
    }


def _links(urls: Urls, full_name: str, pull: Document) -> dict[str, Any]:
    related = _related(urls, full_name, pull)
    api = urls.api_repository(full_name, f"/pulls/{pull['number']}")
    page = urls.page(full_name, f"/pull/{pull['number']}")
    links = {"self": api, "html": page, **related}
    return {
        "url": api,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": address for name, address in related.items()},
        "_links": {name: {"href": address} for name, address in links.items()},
    }


def _related(urls: Urls, full_name: str, pull: Document) -> dict[str, str]:
    api = urls.api_repository(full_name, f"/pulls/{pull['number']}")
    issue = urls.api_repository(full_name, f"/issues/{pull['number']}")
    return {
        "issue": issue,
        "commits": f"{api}/commits",
        "review_comments": f"{api}/comments",
        "review_comment": urls.api_repository(full_name, "/pulls/comments{/number}"),
        "comments": f"{issue}/comments",
        "statuses": urls.api_repository(full_name, f"/statuses/{pull['head_sha']}"),
    }


def _end(urls: Urls, full_name: str, ref: str, sha: str, repository: Any) -> dict[str, Any]:
    owner = full_name.partition("/")[0]
    return {"label": f"{owner}:{ref}", "ref": ref, "sha": sha, "user": simple_user(urls, owner), "repo": repository}
