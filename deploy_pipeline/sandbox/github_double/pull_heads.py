"""Keeping stored pull requests true to git: branches move by plain pushes that the double never sees.

Each pull request is looked at again whenever it is read. Its head is kept as `refs/pull/<number>/head`, as on GitHub,
so that a mirror can fetch it after its branch is gone.
"""

from deploy_pipeline.sandbox.github_double.call import Services
from deploy_pipeline.sandbox.github_double.git.repository import BareRepository
from deploy_pipeline.sandbox.github_double.issue_events import record
from deploy_pipeline.sandbox.github_double.repositories import find_repository
from deploy_pipeline.sandbox.github_double.store import Document


def refreshed_pulls(services: Services, full_name: str, repository: BareRepository) -> list[Document]:
    """All pull requests of a repository as git has them now, oldest first."""
    with services.store.lock:
        pulls = services.store.list_all("pull", full_name)
        return [refresh(services, full_name, repository, pull) for pull in pulls]


def find_pull(services: Services, full_name: str, repository: BareRepository, number: int) -> Document | None:
    """The pull request with this number as git has it now, or None."""
    with services.store.lock:
        found = services.store.children("pull", full_name, number)
        return refresh(services, full_name, repository, found[0]) if found else None


def refresh(services: Services, full_name: str, repository: BareRepository, pull: Document) -> Document:
    """Take over what happened to the branches of an open pull request, and store it."""
    if pull["state"] != "open":
        return pull
    head = fetch_head(services, full_name, repository, pull["head_repository"], pull["head_ref"], pull["number"])
    base = repository.branch_head(pull["base_ref"])
    changes = _observed(repository, pull, head, base)
    if not changes:
        return pull
    now = services.timestamp()
    if changes.get("state") == "closed":
        changes["closed_at"] = now
        pin_head(repository, pull["number"], {**pull, **changes}["head_sha"])
    if "merge_commit_sha" in changes:
        changes |= {"merged_at": now, "merged_by": pull["user"]}
    for event in _events(repository, pull, changes, head):
        # Who pushed is not known here: git has no accounts.
        record(services, full_name, pull["number"], event, pull["user"])
    return services.store.update(pull, **changes, updated_at=now)


def _events(repository: BareRepository, pull: Document, changes: Document, head: str | None) -> list[str]:
    """What GitHub notes of such changes; of a plain push it notes nothing."""
    moved = "head_sha" in changes and not repository.is_ancestor(pull["head_sha"], changes["head_sha"])
    noted = {
        "head_ref_force_pushed": moved,
        "head_ref_deleted": head is None,
        "merged": "merge_commit_sha" in changes,
        "closed": changes.get("state") == "closed",
    }
    return [event for event, happened in noted.items() if happened]


def _observed(repository: BareRepository, pull: Document, head: str | None, base: str | None) -> Document:
    """The fields that git contradicts. A pull request whose branch is gone is closed, one that arrived is merged."""
    if head is None or base is None:
        return {"state": "closed"}
    moved = {"head_sha": head} if head != pull["head_sha"] else {}
    # A merge that was cut short has its commit written down, whether the branch got it or not.
    arrived = [sha for sha in (pull["merge_commit_sha"], head) if sha and repository.is_ancestor(sha, base)]
    if base != pull["base_sha"] and arrived:
        landed = arrived[0]
        if repository.is_ancestor(landed, pull["base_sha"]):
            return {**moved, "state": "closed"}  # reset to what the base had before: nothing is left to merge
        return {**moved, "state": "closed", "merge_commit_sha": landing_commit(repository, landed, base)}
    return {**moved, **({"base_sha": base} if base != pull["base_sha"] else {})}


def landing_commit(repository: BareRepository, commit: str, base: str) -> str:
    """The commit that brought `commit` onto the first-parent line of `base`."""
    later = repository.text("rev-list", "--first-parent", f"{commit}..{base}").splitlines()
    containing = [sha for sha in later if repository.is_ancestor(commit, sha)]
    if not containing or repository.find_commit(f"{containing[-1]}^1") == commit:
        return commit  # it lies on that line itself: a fast-forward
    return containing[-1]


def fetch_head(
    services: Services, full_name: str, repository: BareRepository, head_repository: str, branch: str, number: int
) -> str | None:
    """The tip of a pull request's branch, its objects here; None when the branch is gone."""
    if head_repository == full_name:
        return repository.branch_head(branch)
    ref = f"refs/pull/{number}/head"
    fork = find_repository(services.state, head_repository)
    tip = fork.branch_head(branch) if fork else None
    if fork and tip and repository.find_commit(ref) != tip:
        repository.run("fetch", "--quiet", "--no-tags", str(fork.path), f"+refs/heads/{branch}:{ref}")
    return tip


def follow_branch(repository: BareRepository, pull: Document, full_name: str) -> None:
    """Let `refs/pull/<number>/head` follow later pushes to the branch, with nobody's help: a symbolic ref does."""
    if pull["head_repository"] == full_name:
        repository.run("symbolic-ref", f"refs/pull/{pull['number']}/head", f"refs/heads/{pull['head_ref']}")


def pin_head(repository: BareRepository, number: int, sha: str) -> None:
    """Let `refs/pull/<number>/head` stay at `sha` whatever happens to the branch."""
    repository.run("update-ref", "--no-deref", f"refs/pull/{number}/head", sha)
