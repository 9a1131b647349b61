"""Endpoints of deployments. Auto-merging of the default branch into the deployed one is not modelled."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.statuses import latest_statuses
from deploy_pipeline.sandbox.github_double.errors import ApiError, invalid_request, no_commit
from deploy_pipeline.sandbox.github_double.fields import Fields
from deploy_pipeline.sandbox.github_double.shapes import checks
from deploy_pipeline.sandbox.github_double.shapes.checks import combined_state
from deploy_pipeline.sandbox.github_double.store import Document

_CREATED = 201
_CONFLICT = 409
_FILTERS = ("sha", "ref", "task", "environment")
_PRODUCTION = "production"


def create_deployment(call: Call) -> Reply:
    """POST .../deployments with ref; 409 while the commit's statuses (or `required_contexts`) are not all success."""
    repository, fields = call.repository(), call.fields("Deployment")
    ref = fields.required_text("ref")
    sha = repository.resolve(ref)
    if sha is None:
        raise no_commit(ref)
    _refuse_unchecked(call, fields, ref, sha)
    now = call.services.timestamp()
    value = {"sha": sha, "ref": ref, "creator": call.login, "created_at": now, "updated_at": now, **_asked(fields)}
    stored = call.store.add("deployment", call.full_name, "", value)
    return Reply(checks.deployment(call.urls, call.full_name, stored), status=_CREATED)


def _asked(fields: Fields) -> Document:
    environment = fields.text("environment") or _PRODUCTION
    payload = fields.body.get("payload") or {}
    if not isinstance(payload, dict | str):
        raise invalid_request(f"For 'properties/payload', {payload!r} is not an object or a string.")
    return {
        "task": fields.text("task") or "deploy",
        "payload": payload,
        "environment": environment,
        "original_environment": environment,
        "description": fields.text("description"),
        "transient_environment": fields.flag("transient_environment", default=False),
        "production_environment": fields.flag("production_environment", default=environment == _PRODUCTION),
    }


def _refuse_unchecked(call: Call, fields: Fields, ref: str, sha: str) -> None:
    latest = latest_statuses(call.store, call.full_name, sha)
    required = fields.texts("required_contexts")
    if required is None:
        bad = bool(latest) and combined_state(latest) != "success"
    else:
        bad = bool(set(required) - {value["context"] for value in latest if value["state"] == "success"})
    if bad:
        error = {"resource": "Deployment", "field": "required_contexts", "code": "invalid"}
        raise ApiError(_CONFLICT, f"Conflict: Commit status checks failed for {ref}.", [error])


def list_deployments(call: Call) -> Reply:
    """GET .../deployments?sha=&ref=&task=&environment=, newest first."""
    call.repository()
    wanted = {key: call.query[key] for key in _FILTERS if call.query.get(key, "none") != "none"}
    every = call.store.children("deployment", call.full_name, "")[::-1]
    found = [value for value in every if all(value[key] == wanted[key] for key in wanted)]
    return call.list_reply(found, lambda value: checks.deployment(call.urls, call.full_name, value))


def get_deployment(call: Call) -> Reply:
    """GET .../deployments/{id}."""
    return Reply(checks.deployment(call.urls, call.full_name, call.document("deployment")))


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{repo}/deployments", create_deployment),
    ("GET", "/repos/{owner}/{repo}/deployments", list_deployments),
    ("GET", "/repos/{owner}/{repo}/deployments/{id}", get_deployment),
)
