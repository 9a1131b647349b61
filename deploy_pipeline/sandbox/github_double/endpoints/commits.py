"""Endpoints about history: lists of commits, one commit, comparisons, and the pull requests of a commit."""

from datetime import datetime

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.pull_shapes import PullShapes
from deploy_pipeline.sandbox.github_double.errors import empty_repository, no_commit, not_found
from deploy_pipeline.sandbox.github_double.git.changes import changed_files
from deploy_pipeline.sandbox.github_double.git.history import count_commits, read_commit, read_commits
from deploy_pipeline.sandbox.github_double.git.repository import EMPTY_TREE, BareRepository
from deploy_pipeline.sandbox.github_double.paging import requested_page
from deploy_pipeline.sandbox.github_double.pull_heads import refreshed_pulls
from deploy_pipeline.sandbox.github_double.shapes import commits
from deploy_pipeline.sandbox.github_double.store import Document

_MOST_FILES = 300
_COMPARED_COMMITS = 250


def commit_in_path(call: Call, repository: BareRepository) -> str:
    """The commit that `{ref}` in the address names; 409 in an empty repository, 422 for no commit."""
    if repository.is_empty():
        raise empty_repository()
    sha = repository.resolve(call.params["ref"])
    if sha is None:
        raise no_commit(call.params["ref"])
    return sha


def list_commits(call: Call) -> Reply:
    """GET .../commits?sha=&path=&since=&until=, newest first."""
    repository, page = call.repository(), call.page()
    if repository.is_empty():
        raise empty_repository()
    start = repository.resolve(call.query.get("sha") or repository.default_branch())
    path = call.query.get("path", "").strip("/")
    if start is None or "\0" in path:
        raise not_found()
    paths = [path] if path else []
    options = [*_limits(call), start]
    total = count_commits(repository, *options, paths=paths)
    if page.start >= total:
        return Reply([], link=call.link(page, total))
    window = (f"--skip={page.start}", f"--max-count={page.size}")
    found = read_commits(repository, *window, *options, paths=paths)
    return Reply([commits.commit(call.urls, call.full_name, value) for value in found], link=call.link(page, total))


def _limits(call: Call) -> list[str]:
    limits: dict[str, datetime | None] = {"since-as-filter": call.moment("since"), "until": call.moment("until")}
    return [f"--{name}={moment.isoformat()}" for name, moment in limits.items() if moment]


def get_commit(call: Call) -> Reply:
    """GET .../commits/{ref}, with the files that differ from its first parent."""
    repository = call.repository()
    value = read_commit(repository, commit_in_path(call, repository))
    files = changed_files(repository, value.parents[0] if value.parents else EMPTY_TREE, value.sha)
    page = requested_page(call.query, default_size=_MOST_FILES)
    shown = [commits.diff_entry(call.urls, call.full_name, value.sha, change) for change in page.cut(files)]
    shape = commits.commit(call.urls, call.full_name, value)
    return Reply(commits.commit_with_files(shape, files, shown), link=call.link(page, len(files)))


def compare(call: Call) -> Reply:
    """GET .../compare/{base}...{head}: what `head` has that `base` has not, files against their common ancestor."""
    repository = call.repository()
    names = [_without_owner(name) for name in call.params["basehead"].split("...")]
    ends = [repository.resolve(name) for name in names]
    if len(ends) != 2 or ends[0] is None or ends[1] is None:  # noqa: PLR2004 - a base and a head
        raise not_found()
    base, head = ends[0], ends[1]
    ancestor = repository.merge_base(base, head)
    if ancestor is None:
        raise not_found(f"No common ancestor between {names[0]} and {names[1]}.")
    return _comparison(call, repository, base, head, ancestor)


def _comparison(call: Call, repository: BareRepository, base: str, head: str, ancestor: str) -> Reply:
    urls, name, page = call.urls, call.full_name, requested_page(call.query, default_size=_COMPARED_COMMITS)
    ahead = read_commits(repository, "--reverse", f"{base}..{head}")
    behind = count_commits(repository, f"{head}..{base}")
    shape = commits.comparison(urls, name, call.params["basehead"], len(ahead), behind)
    shape["base_commit"] = commits.commit(urls, name, read_commit(repository, base))
    shape["merge_base_commit"] = commits.commit(urls, name, read_commit(repository, ancestor))
    shape["commits"] = [commits.commit(urls, name, value) for value in page.cut(ahead)]
    # As on GitHub, the files stand on the first page only.
    files = changed_files(repository, ancestor, head)[:_MOST_FILES] if page.number == 1 else []
    shape["files"] = [commits.diff_entry(urls, name, head, change) for change in files]
    return Reply(shape, link=call.link(page, len(ahead)))


def _without_owner(name: str) -> str:
    """`acme:main` means the branch `main` of acme's copy; copies share their objects here."""
    return name.rpartition(":")[2]


def list_pulls_of_commit(call: Call) -> Reply:
    """GET .../commits/{sha}/pulls: the merged ones that brought it, open ones too while it is not on main."""
    repository = call.repository()
    sha = commit_in_path(call, repository)
    main = repository.branch_head(repository.default_branch())
    on_main = main is not None and repository.is_ancestor(sha, main)
    pulls = refreshed_pulls(call.services, call.full_name, repository)
    found = [pull for pull in pulls if (pull["merged_at"] or not on_main) and _contains(repository, pull, sha)]
    return call.list_reply(found[::-1], PullShapes(call, repository).simple)


def _contains(repository: BareRepository, pull: Document, sha: str) -> bool:
    if pull["merge_commit_sha"] == sha:
        return True
    return repository.is_ancestor(sha, pull["head_sha"]) and not repository.is_ancestor(sha, pull["base_sha"])


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{repo}/commits", list_commits),
    ("GET", "/repos/{owner}/{repo}/commits/{ref:path}/pulls", list_pulls_of_commit),
    ("GET", "/repos/{owner}/{repo}/commits/{ref:path}", get_commit),
    ("GET", "/repos/{owner}/{repo}/compare/{basehead:path}", compare),
)
