"""Holds a deployment whose Terraform plans are not those that its pull request has shown. Nothing is changed then."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from deploy_pipeline.core.candidate import Candidate, Deployed, PlannedStack, PreparedStack
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval
from deploy_pipeline.core.plan_review import (
    PlanOutline,
    PlanPair,
    PlanRecord,
    Question,
    is_plain,
    lines_of,
    plan_id,
    question_of,
    why_of,
)
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.stack_variables import live_variables
from deploy_pipeline.gateways.github import GitHub, GitHubNotFound
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ops.approval import wait_for_a_person
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.stacks import StackSteps

Inputs = Mapping[str, Mapping[str, Any]]
"""The variables of each stack that is planned."""


@dataclass(frozen=True)
class PlanReview:
    """Of one deployment. Policy and protected types are those of `home`: a commit cannot loosen its own."""

    context: dg.OpExecutionContext
    home: Spec
    github: GitHub
    ledger: Ledger
    steps: StackSteps
    workspace: Workspace

    def hold_back(self, prepared: Sequence[PreparedStack], planned: Sequence[PlannedStack], inputs: Inputs) -> None:
        """Ask a person where the policy wants one. Raises DeployError until one has granted just these plans."""
        policy = self.home.approvals
        work = {each.name: each for each in planned if each.applyable and not each.taken}
        if not work or "hold" not in (policy.unplanned, policy.replanned):
            return
        live = self.ledger.live()
        record = self._reviewed() if live else {}
        asked = [
            self._question(each, work[each.name], inputs[each.name], live, record)
            for each in prepared
            if each.name in work
        ]
        if questions := [each for each in asked if each]:
            self._ask(questions)

    def _reviewed(self) -> PlanRecord:
        """What the merged pull request has shown at its head."""
        number = self._candidate.commit.pull_request
        if number is None:
            return {}
        try:
            head = self.github.pull_request(self.home.repository.name, number).pull_request.head
        except GitHubNotFound:  # of another repository: nothing was shown here
            return {}
        return self.ledger.plans(head)

    def _question(
        self, prepared: PreparedStack, plan: PlannedStack, inputs: Mapping[str, Any], live: Deployed | None,
        record: PlanRecord,
    ) -> Question | None:  # fmt: skip
        policy, planned = self.home.approvals, PlanOutline(plan.plan_digest, plan.changes)
        pair = PlanPair(plan.name, planned, planned, record.get(plan.name))
        wanted = policy.unplanned if pair.reviewed is None else policy.replanned
        if wanted == "deploy" or is_plain(pair):
            return None
        with_live = self._with_live(prepared, planned, inputs, live, alone=pair.reviewed is not None)
        pair = PlanPair(plan.name, planned, with_live, pair.reviewed)
        protected = self.home.validation.checks.terraform_plan.protected_types
        return question_of(pair, protected, policy.unplanned, policy.replanned)

    def _with_live(
        self, prepared: PreparedStack, planned: PlanOutline, inputs: Mapping[str, Any], live: Deployed | None, *,
        alone: bool,
    ) -> PlanOutline:  # fmt: skip
        """The plan with the images and packages that are live; `alone` with these, as a validation has nothing else."""
        spec = self._candidate.spec
        stack = spec.terraform[prepared.name]
        variables = live_variables(stack, spec, live)
        if variables == dict(inputs) and not alone:
            return planned
        work = Path(f"{prepared.work}.compared")
        try:
            return self.steps.outline(stack, prepared, variables, work, alone=alone)
        except DeployError as error:
            if error.retryable:
                raise
            show(f"it cannot be planned with what is live, so a person is asked: {error}")
            return planned
        finally:
            self.workspace.discard(work)

    def _ask(self, questions: Sequence[Question]) -> None:
        commit, now = self._candidate.commit, self.steps.clock.now()
        until = now + timedelta(hours=self.home.approvals.timeout_hours)
        new = Approval(
            plan_id(commit.sha, questions), commit, why_of(questions), self.context.run_id, now, until,
            shows=lines_of(questions), force=self._candidate.force, hotfix=self._candidate.hotfix,
        )  # fmt: skip
        wait_for_a_person(self.context, self.ledger, new)

    @property
    def _candidate(self) -> Candidate:
        return self.steps.candidate
