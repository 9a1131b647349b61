"""Endpoints of the statuses of a deployment, with GitHub's `auto_inactive` rule."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.statuses import LONGEST_DESCRIPTION
from deploy_pipeline.sandbox.github_double.errors import not_found
from deploy_pipeline.sandbox.github_double.shapes import checks
from deploy_pipeline.sandbox.github_double.store import Document

_CREATED = 201
_STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


def create_deployment_status(call: Call) -> Reply:
    """POST .../deployments/{id}/statuses."""
    deployment, fields = call.document("deployment"), call.fields("DeploymentStatus")
    value = {
        "state": fields.choice("state", _STATES),
        "description": fields.text("description", maximum=LONGEST_DESCRIPTION) or "",
        "environment": fields.text("environment") or deployment["environment"],
        "environment_url": fields.url("environment_url") or "",
        "log_url": fields.url("log_url") or fields.url("target_url") or "",
    }
    stored = _add(call, deployment, value)
    call.store.update(deployment, environment=value["environment"], updated_at=stored["updated_at"])
    if value["state"] == "success" and fields.flag("auto_inactive", default=True):
        _deactivate_earlier(call, deployment, str(value["environment"]))
    return Reply(checks.deployment_status(call.urls, call.full_name, stored), status=_CREATED)


def _add(call: Call, deployment: Document, value: Document) -> Document:
    now = call.services.timestamp()
    rest = {"deployment": deployment["id"], "creator": call.login, "created_at": now, "updated_at": now}
    return call.store.add("deployment_status", call.full_name, deployment["id"], {**value, **rest})


def _deactivate_earlier(call: Call, deployment: Document, environment: str) -> None:
    """GitHub marks earlier successes inactive, but leaves production and transient environments alone."""
    for earlier in call.store.children("deployment", call.full_name, ""):
        if earlier["id"] >= deployment["id"] or earlier["environment"] != environment:
            continue
        statuses = call.store.children("deployment_status", call.full_name, earlier["id"])
        kept = earlier["production_environment"] or earlier["transient_environment"]
        if not kept and statuses and statuses[-1]["state"] == "success":
            _add(call, earlier, {**statuses[-1], "state": "inactive", "description": ""})


def list_deployment_statuses(call: Call) -> Reply:
    """GET .../deployments/{id}/statuses, newest first."""
    found = call.store.children("deployment_status", call.full_name, call.document("deployment")["id"])
    return call.list_reply(found[::-1], lambda value: checks.deployment_status(call.urls, call.full_name, value))


def get_deployment_status(call: Call) -> Reply:
    """GET .../deployments/{id}/statuses/{status_id}."""
    deployment, found = call.document("deployment"), call.document("deployment_status", "status_id")
    if found["deployment"] != deployment["id"]:
        raise not_found()
    return Reply(checks.deployment_status(call.urls, call.full_name, found))


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{repo}/deployments/{id}/statuses", create_deployment_status),
    ("GET", "/repos/{owner}/{repo}/deployments/{id}/statuses", list_deployment_statuses),
    ("GET", "/repos/{owner}/{repo}/deployments/{id}/statuses/{status_id}", get_deployment_status),
)
