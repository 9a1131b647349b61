"""`approval_comment_sensor`: asks on GitHub for what waits for a person, and takes the answers from there."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Concatenate, Final, ParamSpec

import dagster as dg
from pydantic import BaseModel, ConfigDict, ValidationError

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, now_of
from deploy_pipeline.core.ledger.remark import (
    Order,
    Remark,
    answer,
    answer_marker,
    answering,
    asking,
    question,
    question_marker,
)
from deploy_pipeline.core.pull_permission import MAY_WRITE
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.github import GitHub, GitHubUnavailable
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.announce import STATUS_CONTEXT
from deploy_pipeline.ops.decide import write_decision

P = ParamSpec("P")
INTERVAL_SECONDS = 10
SINCE: Final = timedelta(hours=1)
"""Comments of so long before it was asked are read, too: this machine's clock and GitHub's may differ."""


class Asked(BaseModel):
    """What the sensor remembers: for what it has asked, by the question's marker, the ETag of the last answer."""

    model_config = ConfigDict(frozen=True)

    etags: dict[str, str] = {}


@dataclass(frozen=True)
class Conversation:
    """Talks on GitHub about what waits. `etags` are as in `Asked`, and are changed."""

    github: GitHub
    ledger: Ledger
    clock: Clock
    repository: str
    etags: dict[str, str]

    def about(self, approval: Approval, number: int | None, others: Collection[Approval]) -> None:
        """Ask where it was not asked yet; take what was answered. Raises DeployError where GitHub is away.

        Without a pull request there is nowhere to ask: only how it ends is shown, on the commit.
        """
        marker = question_marker(approval)
        if number is None:
            self.etags[marker] = ""
            return
        found = self.github.remarks(self.repository, number, approval.asked_at - SINCE, self.etags.get(marker) or None)
        if found is None:
            return
        own = self.github.login()
        asked = asking(found.remarks, approval, own)
        if asked is None:
            text = question(approval, self.ledger.environment)
            self.github.upsert_comment(self.repository, number, marker, text)
            self.etags[marker] = ""
            return
        given = self._permitted(answering(found.remarks, asked, approval, own, others))
        if given is not None:
            self._take(approval, *given)
        self.etags[marker] = found.etag

    def tell(self, approval: Approval, number: int | None) -> None:
        """Say what was decided, whoever did, and wherever."""
        if number is not None:
            self.github.upsert_comment(self.repository, number, answer_marker(approval), answer(approval))
        if approval.decision == "refused" and not approval.way_back:
            said = f"refused by {approval.by}: {approval.reason}"
            sha = approval.commit.sha
            self.github.set_status(
                self.repository, sha, state="error", context=STATUS_CONTEXT, description=said, url=None
            )
        del self.etags[question_marker(approval)]

    def _permitted(self, given: Iterable[tuple[Remark, Order]]) -> tuple[Remark, Order] | None:
        """The first whose author may write to the repository."""
        permission = self.github.permission
        return next((each for each in given if permission(self.repository, each[0].author) in MAY_WRITE), None)

    def _take(self, approval: Approval, remark: Remark, order: Order) -> None:
        by, reason = f"{remark.author} on GitHub", order.reason or remark.url
        try:
            write_decision(self.ledger, self.clock, approval.id, order.decision, by, reason)
        except DeployError as error:
            if error.retryable:
                raise  # else somebody else was faster: the ledger says what stands


@dg.sensor(
    minimum_interval_seconds=INTERVAL_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Asks on the merged pull request for what waits for a person, and takes /approve and /reject there.",
)
def approval_comment_sensor(
    context: dg.SensorEvaluationContext,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    github: dg.ResourceParam[GitHub],
    clock: dg.ResourceParam[Clock],
) -> dg.SkipReason:
    """It starts nothing: `approval_sensor` deploys what was granted. GitHub is asked only while something waits."""
    ledger, etags = Ledger.of(object_store, home_spec), read_asked(context.cursor).etags
    talk = Conversation(github, ledger, clock, home_spec.repository.name, dict(etags))
    try:
        lines = converse(talk)
    except DeployError as error:
        lines = [f"{error}. It is tried again."]
    finally:
        context.update_cursor(Asked(etags=talk.etags).model_dump_json())
    return dg.SkipReason("; ".join(lines) or "nothing waits for a person")


def converse(talk: Conversation) -> list[str]:
    """One look at all that waits, then at what was decided since: a line for each. Raises while GitHub is out."""
    lines = []
    found = lately(talk)
    for each, number in found:
        if each.decision is None:
            others = [other for other, its in found if its == number and other.id != each.id]
            lines.append(attempted(talk.about, each, number, others))
    known = {question_marker(each): (each, number) for each, number in lately(talk)}
    for marker in [*talk.etags]:
        if marker not in known:  # it was asked again
            del talk.etags[marker]
        elif known[marker][0].decision is not None:
            lines.append(attempted(talk.tell, *known[marker]))
    return lines


def attempted(
    say: Callable[Concatenate[Approval, P], None], approval: Approval, *rest: P.args, **named: P.kwargs
) -> str:
    """One of them must not keep the others from being heard. While GitHub is out, none is."""
    try:
        say(approval, *rest, **named)
    except GitHubUnavailable:
        raise
    except DeployError as error:
        return f"{approval.id}: {error}"
    return f"{approval.id}: asked and answered on GitHub"


def lately(talk: Conversation) -> list[tuple[Approval, int | None]]:
    """Everything that was asked lately, as it stands, with the number of its pull request."""
    now = talk.clock.now()
    found = [now_of(each, now) for each in talk.ledger.approvals().values()]
    return [(each, each.commit.pull_request) for each in found]


def read_asked(cursor: str | None) -> Asked:
    """What was remembered; nothing where that cannot be read: then everything is looked at again."""
    try:
        return Asked.model_validate_json(cursor or "{}")
    except ValidationError:
        return Asked()
