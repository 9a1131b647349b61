"""Commit statuses, check runs, deployments and their statuses in GitHub's JSON shapes."""

from collections.abc import Sequence
from typing import Any

from deploy_pipeline.sandbox.github_double.shapes.people import node_id, simple_user
from deploy_pipeline.sandbox.github_double.shapes.repositories import minimal_repository
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.urls import Urls

_TIMES = ("created_at", "updated_at")
_CHECK_RUN = (
    "id",
    "name",
    "head_sha",
    "external_id",
    "details_url",
    "status",
    "conclusion",
    "started_at",
    "completed_at",
)


def simple_status(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`SimpleCommitStatus`."""
    kept = ("id", "state", "description", "target_url", "context", *_TIMES)
    return {
        **{key: value[key] for key in kept},
        "node_id": node_id("StatusContext", value["id"]),
        "avatar_url": "",
        "url": urls.api_repository(full_name, f"/statuses/{value['sha']}"),
    }


def status(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`Status`."""
    return {**simple_status(urls, full_name, value), "creator": simple_user(urls, value["creator"])}


def combined_state(latest: Sequence[Document]) -> str:
    """One state for the newest status of each context; nothing at all is pending."""
    states = {value["state"] for value in latest}
    if states & {"failure", "error"}:
        return "failure"
    return "pending" if not states or "pending" in states else "success"


def combined_status(urls: Urls, full_name: str, sha: str, latest: Sequence[Document]) -> dict[str, Any]:
    """`CombinedCommitStatus` without its page of statuses."""
    return {
        "state": combined_state(latest),
        "sha": sha,
        "total_count": len(latest),
        "repository": minimal_repository(urls, full_name),
        "commit_url": urls.api_repository(full_name, f"/commits/{sha}"),
        "url": urls.api_repository(full_name, f"/commits/{sha}/status"),
    }


def deployment(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`Deployment`."""
    kept = ("id", "sha", "ref", "task", "payload", "environment", "original_environment", "description")
    flags = ("transient_environment", "production_environment", *_TIMES)
    api = urls.api_repository(full_name, f"/deployments/{value['id']}")
    return {
        **{key: value[key] for key in kept + flags},
        "url": api,
        "node_id": node_id("Deployment", value["id"]),
        "creator": simple_user(urls, value["creator"]),
        "statuses_url": f"{api}/statuses",
        "repository_url": urls.api_repository(full_name),
        "performed_via_github_app": None,
    }


def deployment_status(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`DeploymentStatus`. GitHub keeps `target_url` as the former name of `log_url`."""
    kept = ("id", "state", "description", "environment", "environment_url", "log_url", *_TIMES)
    api = urls.api_repository(full_name, f"/deployments/{value['deployment']}")
    return {
        **{key: value[key] for key in kept},
        "target_url": value["log_url"],
        "url": f"{api}/statuses/{value['id']}",
        "node_id": node_id("DeploymentStatus", value["id"]),
        "creator": simple_user(urls, value["creator"]),
        "deployment_url": api,
        "repository_url": urls.api_repository(full_name),
        "performed_via_github_app": None,
    }


def check_run(urls: Urls, full_name: str, value: Document) -> dict[str, Any]:
    """`CheckRun`. No GitHub App stands behind it here: `app` is null."""
    api = urls.api_repository(full_name, f"/check-runs/{value['id']}")
    texts = {key: value["output"].get(key) for key in ("title", "summary", "text")}
    notes = {"annotations_count": len(value["annotations"]), "annotations_url": f"{api}/annotations"}
    return {
        **{key: value[key] for key in _CHECK_RUN},
        "node_id": node_id("CheckRun", value["id"]),
        "url": api,
        "html_url": urls.page(full_name, f"/commit/{value['head_sha']}#check-run-{value['id']}"),
        "output": {**texts, **notes},
        "check_suite": None,
        "app": None,
        "pull_requests": [],
    }
