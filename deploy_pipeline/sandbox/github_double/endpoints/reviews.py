"""Endpoints of a pull request's reviews: whole ones, without comments on lines."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.pulls import pull_in_path
from deploy_pipeline.sandbox.github_double.errors import validation_failed
from deploy_pipeline.sandbox.github_double.shapes.people import simple_user
from deploy_pipeline.sandbox.github_double.store import Document

STATES = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def create_review(call: Call) -> Reply:
    """POST .../pulls/{number}/reviews with event, body, commit_id (the head without it)."""
    pull, fields = pull_in_path(call, call.repository()), call.fields("PullRequestReview")
    event = fields.choice("event", tuple(STATES))
    if event == "APPROVE" and pull["user"] == call.login:
        message = "Can not approve your own pull request"
        raise validation_failed("PullRequestReview", "event", message=message)
    value = {
        "user": call.login,
        "state": STATES[str(event)],
        "body": fields.text("body") or "",
        "commit_id": fields.text("commit_id") or pull["head_sha"],
        "submitted_at": call.services.timestamp(),
    }
    stored = call.store.add("review", call.full_name, pull["number"], value)
    return Reply(_shape(call, stored))


def list_reviews(call: Call) -> Reply:
    """GET .../pulls/{number}/reviews, oldest first."""
    pull = pull_in_path(call, call.repository())
    found = call.store.children("review", call.full_name, pull["number"])
    return call.list_reply(found, lambda value: _shape(call, value))


def _shape(call: Call, value: Document) -> Document:
    return {**value, "user": simple_user(call.urls, value["user"])}


ROUTES: Routes = (
    ("POST", "/repos/{owner}/{repo}/pulls/{number}/reviews", create_review),
    ("GET", "/repos/{owner}/{repo}/pulls/{number}/reviews", list_reviews),
)
