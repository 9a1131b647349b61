"""Parts that several of the pages show: checks of a commit, deployments. Builds markup only."""

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.endpoints.statuses import latest_statuses
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.urls import SITE_PATH
from deploy_pipeline.sandbox.markup import Markup, element, joined, link, table


def page_path(name: str, *parts: object) -> str:
    """The path of a repository's page, or of one below it."""
    return "/".join([SITE_PATH, name, *map(str, parts)])


def short_link(name: str, sha: str) -> Markup:
    """A link to a commit by its abbreviated id."""
    return link(page_path(name, "commit", sha), sha[:8])


def checks_section(services: Services, name: str, sha: str) -> Markup:
    """The newest status of each context and the check runs of a commit."""
    rows = [
        (_state(value["state"]), link(value["target_url"], value["context"]), value["description"] or "")
        for value in latest_statuses(services.store, name, sha)
    ]
    rows += [_check_run(value) for value in services.store.children("check_run", name, sha)]
    return joined(element("h2", "Checks"), table(("State", "Check", "Description"), rows))


def _check_run(value: Document) -> tuple[Markup, Markup, str]:
    anchor = element("span", value["name"], id=f"check-run-{value['id']}")
    return _state(value["conclusion"] or value["status"]), link(value["details_url"], anchor), _summary(value)


def _summary(value: Document) -> str:
    output, notes = value["output"], len(value["annotations"])
    parts = [output.get("title"), output.get("summary"), f"{notes} annotations" if notes else None]
    return " — ".join(part for part in parts if part)


def deployments_section(services: Services, name: str, sha: str | None = None) -> Markup:
    """The deployments of a commit, or of the whole repository, newest first with all their statuses."""
    found = services.store.children("deployment", name, "")[::-1]
    rows = [_deployment(services, name, value) for value in found if sha in (None, value["sha"])]
    return joined(element("h2", "Deployments"), table(("Deployment", "Commit", "Environment", "Statuses"), rows))


def _deployment(services: Services, name: str, value: Document) -> tuple[object, ...]:
    statuses = services.store.children("deployment_status", name, value["id"])
    lines = [
        element(
            "div", _state(status["state"]), " ", link(status["log_url"], status["description"] or status["created_at"])
        )
        for status in statuses
    ]
    return value["id"], short_link(name, value["sha"]), value["environment"], joined(*lines)


def _state(state: str) -> Markup:
    return element("span", state, class_=state)
