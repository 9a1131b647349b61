"""Whether a commit waits for a person. It waits in the ledger: no process is kept for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg

from deploy_pipeline.core import run_tags
from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.core.checks.verdict import display_name
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, Approvals, approval_id, asked, now_of, reasons_to_hold
from deploy_pipeline.core.pull_permission import MAY_WRITE
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.ledger import Ledger

VALIDATION = display_name("validation")


@dataclass(frozen=True)
class Merges:
    """What the pipeline's own policy (`home`) says of merges. GitHub is asked for what it is about, and no more."""

    github: GitHub
    git: Git
    ledger: Ledger
    home: Spec

    def reasons(self, commit: Commit) -> tuple[str, ...]:
        """Why a merge waits: for its own sake, and for that of every merge that would go out with it."""
        policy = self.home.approvals
        if "hold" not in (policy.unreviewed, policy.unvalidated):
            return ()
        approvals = self.ledger.approvals()
        others = [self.github.commit(self.home.repository.name, sha) for sha in self._contained(commit)]
        return (*self._reasons(commit), *(
            f"it would take {each.short} with it: {why}" for each in others for why in self._unanswered(each, approvals)
        ))  # fmt: skip

    def _contained(self, commit: Commit) -> tuple[str, ...]:
        live = self.ledger.head().head.live
        if live is None or not self.git.is_ancestor(live.commit, commit.sha):
            return ()  # the first release has nothing before it; one that goes backwards is refused anyway
        return tuple(sha for sha in self.git.merges(live.commit, commit.sha) if sha != commit.sha)

    def _unanswered(self, commit: Commit, approvals: Approvals) -> tuple[str, ...]:
        found = approvals.get(approval_id(commit.sha))
        if found and found.commit.sha == commit.sha and found.decision:
            return () if found.decision == "granted" else (f"{found.by} has refused it",)
        return self._reasons(commit)

    def _reasons(self, commit: Commit) -> tuple[str, ...]:
        number, policy, repository = commit.pull_request, self.home.approvals, self.home.repository.name
        head = self.github.pull_request(repository, number).pull_request.head if number else ""
        reviewed = bool(number and policy.unreviewed == "hold" and self._reviewed(number, head))
        validated = bool(head and policy.unvalidated == "hold" and self._validated(head))
        return reasons_to_hold(commit, policy, reviewed=reviewed, validated=validated)

    def _reviewed(self, number: int, head: str) -> bool:
        """GitHub takes an approval from everybody who can read: it counts from who may write."""
        repository = self.home.repository.name
        logins = self.github.approvers(repository, number, head)
        return any(self.github.permission(repository, each) in MAY_WRITE for each in logins)

    def _validated(self, head: str) -> bool:
        return self.github.status(self.home.repository.name, head, VALIDATION) == "success"


def hold_back(context: dg.OpExecutionContext, merges: Merges, candidate: Candidate, now: datetime) -> None:
    """Ask a person where the pipeline's own policy wants one. Raises DeployError until one has granted it."""
    commit = candidate.commit
    if not (why := merges.reasons(commit)):
        return
    until = now + timedelta(hours=merges.home.approvals.timeout_hours)
    new = Approval(
        approval_id(commit.sha), commit, "; ".join(why), context.run_id, now, until, force=candidate.force,
        hotfix=candidate.hotfix,
    )  # fmt: skip
    wait_for_a_person(context, merges.ledger, new)


def wait_for_a_person(context: dg.OpExecutionContext, ledger: Ledger, new: Approval) -> None:
    """Ask, unless the same was asked before. Raises DeployError until a person has granted it."""
    now, environment = new.asked_at, ledger.environment
    found = now_of(ledger.change_approvals(lambda each: asked(each, new))[new.id], now)
    if found.commit.sha != new.commit.sha:
        raise DeployError(f"{found.id} is about another commit, {found.commit.sha}", where=environment)
    if found.decision == "granted":
        context.log.info(f"{found.id} was granted by {found.by}: {found.reason}")
        return
    if found.decision == "refused":
        raise DeployError(f"{found.id} was refused by {found.by}: {found.reason}", where=environment)
    context.instance.add_run_tags(context.run_id, {run_tags.HELD: run_tags.owned(context.run_id, found.id)})
    shows = "".join(f"\n  {line}" for line in found.shows)
    raise DeployError(
        f"it waits for a person until {found.until:%Y-%m-%d %H:%M} UTC: {found.why}{shows}", where=environment,
        todo=f"`deploy-pipeline approve {found.id} --reason …`, or a comment `/approve {found.id} why` on the pull "
        "request, or `reject`; it goes on as soon as it is granted",
    )  # fmt: skip
