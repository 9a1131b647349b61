"""The pages for people that `html_url` leads to: a repository, a pull request, a commit. Read only, no sign-in."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.git.history import read_commit, read_commits
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.page_parts import checks_section, deployments_section, page_path, short_link
from deploy_pipeline.sandbox.github_double.pull_heads import find_pull, refreshed_pulls
from deploy_pipeline.sandbox.github_double.repositories import find_repository, list_repositories
from deploy_pipeline.sandbox.github_double.store import Document
from deploy_pipeline.sandbox.github_double.urls import SITE_PATH
from deploy_pipeline.sandbox.markup import PAGE_HEADERS, Markup, bullets, document, element, joined, link

_SHOWN_COMMITS = 20
_MISSING = 404
Page = Callable[[Services, str, BareRepository, dict[str, Any]], str | None]


def page_routes(services: Services) -> list[Route]:
    """The pages below `/github/`."""
    repository = f"{SITE_PATH}/{{owner}}/{{repo}}"
    return [
        Route(f"{SITE_PATH}/", _index(services)),
        Route(repository, _shown(services, repository_page)),
        Route(f"{repository}/pull/{{number:int}}", _shown(services, pull_page)),
        Route(f"{repository}/commit/{{ref:path}}", _shown(services, commit_page)),
    ]


def repository_page(services: Services, name: str, repository: BareRepository, _: dict[str, Any]) -> str | None:
    """Pull requests, deployments and the latest commits of the default branch."""
    head = repository.branch_head(repository.default_branch())
    commits = read_commits(repository, f"--max-count={_SHOWN_COMMITS}", head) if head else []
    pulls = refreshed_pulls(services, name, repository)[::-1]
    titles = [
        joined(link(page_path(name, "pull", pull["number"]), f"#{pull['number']} {pull['title']}"), f" {_state(pull)}")
        for pull in pulls
    ]
    return document(
        name,
        joined(element("h2", "Pull requests"), bullets(titles)),
        deployments_section(services, name),
        joined(
            element("h2", "Commits"),
            bullets(joined(short_link(name, c.sha), f" {_first_line(c.message)}") for c in commits),
        ),
    )


def pull_page(services: Services, name: str, repository: BareRepository, params: dict[str, Any]) -> str | None:
    """One pull request: its state, the checks of its head, its comments."""
    pull = find_pull(services, name, repository, params["number"])
    if pull is None:
        return None
    comments = services.store.children("comment", name, pull["number"])
    merged = joined(", as ", short_link(name, pull["merge_commit_sha"])) if pull["merged_at"] else ""
    ends = joined(f"{pull['head_ref']} at ", short_link(name, pull["head_sha"]), f" into {pull['base_ref']}", merged)
    return document(
        f"{pull['title']} #{pull['number']}",
        element("p", link(page_path(name), name), f" — {_state(pull)}, opened by {pull['user']}: ", ends),
        element("p", *(joined("[", label, "] ") for label in pull["labels"])),
        element("pre", pull["body"] or "No description."),
        checks_section(services, name, pull["head_sha"]),
        element("h2", "Comments"),
        *(_comment(comment) for comment in comments),
    )


def commit_page(services: Services, name: str, repository: BareRepository, params: dict[str, Any]) -> str | None:
    """One commit: its message, checks and deployments."""
    sha = repository.resolve(params["ref"])
    if sha is None:
        return None
    commit = read_commit(repository, sha)
    return document(
        _first_line(commit.message),
        element("p", link(page_path(name), name), f" — {sha} by {commit.author.name}, {commit.author.at.isoformat()}"),
        element("pre", commit.message),
        checks_section(services, name, sha),
        deployments_section(services, name, sha),
    )


def _comment(comment: Document) -> Markup:
    heading = element("p", element("strong", comment["user"]), f", {comment['updated_at']}")
    return element("div", heading, element("pre", comment["body"]), id=f"issuecomment-{comment['id']}")


def _state(pull: Document) -> str:
    return (
        "merged" if pull["merged_at"] else "draft" if pull["draft"] and pull["state"] == "open" else str(pull["state"])
    )


def _first_line(message: str) -> str:
    return message.partition("\n")[0]


def _shown(services: Services, page: Page) -> Callable[[Request], Awaitable[Response]]:
    def render(name: str, params: dict[str, Any]) -> str | None:
        repository = find_repository(services.state, name)
        return page(services, name, repository, params) if repository else None

    async def show(request: Request) -> Response:
        params = request.path_params
        content = await run_in_threadpool(render, f"{params['owner']}/{params['repo']}", params)
        missing = content is None
        body = document("Not found", element("p", "There is nothing here.")) if content is None else content
        return HTMLResponse(body, status_code=_MISSING if missing else 200, headers=PAGE_HEADERS)

    return show


def _index(services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def show(_: Request) -> Response:
        names = await run_in_threadpool(list_repositories, services.state)
        content = document("Repositories", bullets(link(page_path(name), name) for name in names))
        return HTMLResponse(content, headers=PAGE_HEADERS)

    return show
