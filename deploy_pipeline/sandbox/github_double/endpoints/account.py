"""Endpoints about the token's owner: who it is and how much of the rate limit is left."""

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.shapes.people import private_user
from deploy_pipeline.sandbox.github_double.versions import without_removed

RATE_LIMIT_PATH = "/rate_limit"


def get_user(call: Call) -> Reply:
    """GET /user."""
    return Reply(private_user(call.urls, call.login))


def get_rate_limit(call: Call) -> Reply:
    """GET /rate_limit, which is itself free."""
    core = call.services.rate_limit.quota(call.login).body()
    body = {"resources": {"core": core, "search": {**core, "resource": "search"}}, "rate": core}
    return Reply(without_removed(body, call.version))


ROUTES: Routes = (
    ("GET", "/user", get_user),
    ("GET", RATE_LIMIT_PATH, get_rate_limit),
)
