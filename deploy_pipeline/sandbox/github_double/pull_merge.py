"""Merging a pull request for real: new commits in the bare repository, then the branch moves. No HTTP shapes."""

from dataclasses import dataclass
from datetime import datetime

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.errors import ApiError
from deploy_pipeline.sandbox.github_double.git.history import Signature, read_commits
from deploy_pipeline.sandbox.github_double.git.merge import merged_tree, write_commit
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.issue_events import record
from deploy_pipeline.sandbox.github_double.pull_heads import pin_head
from deploy_pipeline.sandbox.github_double.shapes.people import email_of
from deploy_pipeline.sandbox.github_double.store import Document

_REFUSED = 405


@dataclass(frozen=True)
class MergeOrder:
    """How to merge (`merge` or `squash`), for whom, with which commit message (None: GitHub's default)."""

    method: str
    login: str
    title: str | None = None
    message: str | None = None


def merge_pull(
    services: Services, full_name: str, repository: BareRepository, pull: Document, order: MergeOrder
) -> Document:
    """Merge an open, unconflicted pull request; the document as merged.

    Raises `ApiError` 405 on a conflict or when the base branch moved meanwhile.
    """
    sha = _write(repository, pull, order, services.clock())
    # Written down first: should the process die after the branch moved, the next reader sees that it was merged.
    pull = services.store.update(pull, merge_commit_sha=sha)
    if not repository.update_ref(f"refs/heads/{pull['base_ref']}", sha, pull["base_sha"]):
        services.store.update(pull, merge_commit_sha=None)
        raise ApiError(_REFUSED, "Base branch was modified. Review and try the merge again.")
    pin_head(repository, pull["number"], pull["head_sha"])
    for event in ("merged", "closed"):
        record(services, full_name, pull["number"], event, order.login)
    times = dict.fromkeys(("merged_at", "closed_at", "updated_at"), services.timestamp())
    return services.store.update(pull, state="closed", merged_by=order.login, **times)


def is_mergeable(repository: BareRepository, pull: Document) -> bool:
    """Whether the head merges into the base without a conflict."""
    return merged_tree(repository, pull["base_sha"], pull["head_sha"]) is not None


def _write(repository: BareRepository, pull: Document, order: MergeOrder, now: datetime) -> str:
    base, head = pull["base_sha"], pull["head_sha"]
    tree = merged_tree(repository, base, head)
    if tree is None:
        raise ApiError(_REFUSED, "Pull Request is not mergeable")
    if order.method == "squash":
        title = order.title or f"{pull['title']} (#{pull['number']})"
        text = _joined(title, order.message, _squashed(repository, base, head))
        return write_commit(repository, tree, (base,), text, _author(pull["user"], now), now)
    owner = pull["head_repository"].partition("/")[0]
    title = order.title or f"Merge pull request #{pull['number']} from {owner}/{pull['head_ref']}"
    text = _joined(title, order.message, pull["title"])
    return write_commit(repository, tree, (base, head), text, _author(order.login, now), now)


def _joined(title: str, message: str | None, default: str) -> str:
    """A commit message; an empty `message` asks for none, None asks for the default."""
    return f"{title}\n\n{default if message is None else message}".strip() + "\n"


def _squashed(repository: BareRepository, base: str, head: str) -> str:
    """The default body of a squash: nothing for one commit without a body, else the list of messages."""
    commits = read_commits(repository, "--reverse", f"{base}..{head}")
    if len(commits) == 1:
        return commits[0].message.partition("\n\n")[2]
    return "\n\n".join(f"* {commit.message}" for commit in commits)


def _author(login: str, now: datetime) -> Signature:
    return Signature(login, email_of(login), now)
