"""The endpoint that opens a pull request, from a branch of the repository or of a fork of it."""

from dataclasses import dataclass

from deploy_pipeline.sandbox.github_double.call import Call, Reply, Routes
from deploy_pipeline.sandbox.github_double.endpoints.pull_shapes import PullShapes
from deploy_pipeline.sandbox.github_double.errors import validation_failed
from deploy_pipeline.sandbox.github_double.fields import Fields
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.pull_heads import fetch_head, follow_branch, refreshed_pulls
from deploy_pipeline.sandbox.github_double.store import Document

_CREATED = 201


@dataclass(frozen=True)
class _Ends:
    head_repository: str
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str


def create_pull(call: Call) -> Reply:
    """POST .../pulls with title, head (`branch` or `owner:branch`), base, body, draft."""
    repository, fields = call.repository(), call.fields("PullRequest")
    title, body = fields.required_text("title"), fields.text("body")
    draft = fields.flag("draft", default=False)
    pulls = refreshed_pulls(call.services, call.full_name, repository)
    number = max((pull["number"] for pull in pulls), default=0) + 1
    ends = _ends(call, repository, fields, number)
    _refuse_duplicate(pulls, ends)
    pull = _store(call, number, ends, {"title": title, "body": body, "draft": draft})
    follow_branch(repository, pull, call.full_name)
    return Reply(PullShapes(call, repository).full(pull), status=_CREATED)


def _ends(call: Call, repository: BareRepository, fields: Fields, number: int) -> _Ends:
    head, base_ref = fields.required_text("head"), fields.required_text("base")
    owner, _, head_ref = head.rpartition(":")
    head_repository = f"{owner}/{call.params['repo']}" if owner else call.full_name
    base_sha = repository.branch_head(base_ref)
    if base_sha is None:
        raise validation_failed("PullRequest", "base", code="invalid")
    head_sha = fetch_head(call.services, call.full_name, repository, head_repository, head_ref, number)
    if head_sha is None:
        raise validation_failed("PullRequest", "head", code="invalid")
    if repository.merge_base(base_sha, head_sha) in (None, head_sha):
        message = f"No commits between {base_ref} and {head_ref}"
        raise validation_failed("PullRequest", "head", message=message)
    return _Ends(head_repository, head_ref, head_sha, base_ref, base_sha)


def _refuse_duplicate(pulls: list[Document], ends: _Ends) -> None:
    same = ("head_repository", "head_ref", "base_ref")
    for pull in pulls:
        if pull["state"] == "open" and all(pull[key] == getattr(ends, key) for key in same):
            owner = ends.head_repository.partition("/")[0]
            message = f"A pull request already exists for {owner}:{ends.head_ref}."
            raise validation_failed("PullRequest", "head", message=message)


def _store(call: Call, number: int, ends: _Ends, texts: Document) -> Document:
    now = call.services.timestamp()
    unset = dict.fromkeys(("closed_at", "merged_at", "merged_by", "merge_commit_sha"))
    times = {"created_at": now, "updated_at": now}
    return call.store.add(
        "pull",
        call.full_name,
        number,
        {"number": number, "state": "open", "user": call.login, "labels": [], **texts, **vars(ends), **times, **unset},
    )


ROUTES: Routes = (("POST", "/repos/{owner}/{repo}/pulls", create_pull),)
