"""Whether a plan that is about to be applied is the one that the pull request showed, and what differs. Pure.

A deployment's plan has new images and packages in it, which no pull request can have. So it is compared twice: as it
is, and as it would be with the pull request's own inputs, which are the live ones.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.content_key import key_of
from deploy_pipeline.core.spec_approvals import Policy
from deploy_pipeline.core.terraform_plan import DESTRUCTIVE, ResourceChange

MOST_LINES = 50
UNPLANNED = "no pull request has shown its plan"
REPLANNED = "its plan is not the one that the pull request showed"
SAME_RESOURCES = "the same changes of the same resources, to other values"


@dataclass(frozen=True)
class PlanOutline:
    """What a plan would do, as far as people may see it. `digest` is `PlanReading.digest`, which is of the values."""

    digest: str
    changes: tuple[ResourceChange, ...] = ()


PlanRecord = Mapping[str, PlanOutline]
"""The plans that a validation has shown for one head, by stack."""


@dataclass(frozen=True)
class PlanPair:
    """A stack's plan that would be applied, what it is `with_live` images and packages, and what was reviewed of it."""

    stack: str
    planned: PlanOutline
    with_live: PlanOutline
    reviewed: PlanOutline | None


@dataclass(frozen=True)
class Question:
    """Why a stack's plan waits for a person. `lines` have addresses and kinds, never values."""

    stack: str
    why: str
    lines: tuple[str, ...]
    digest: str


def is_plain(pair: PlanPair) -> bool:
    """Whether the deployment's own plan is the reviewed one, so that no second one has to be made."""
    return pair.reviewed is not None and pair.planned.digest == pair.reviewed.digest


def question_of(pair: PlanPair, protected: Sequence[str], unplanned: Policy, replanned: Policy) -> Question | None:
    """What a person is asked about a stack; None where its plan may be applied."""
    if is_plain(pair):
        return None
    lost = losses(pair, protected)
    if pair.reviewed is None:
        # With the live inputs it does nothing: it only takes in what was built.
        harmless = not pair.with_live.changes and not lost
        return None if harmless or unplanned == "deploy" else _question(pair, UNPLANNED, shown(pair.planned.changes))
    if pair.with_live.digest == pair.reviewed.digest and not lost:
        return None
    if replanned == "deploy":
        return None
    return _question(pair, REPLANNED, (*lost, *differences(pair.reviewed.changes, pair.with_live.changes, bool(lost))))


def losses(pair: PlanPair, protected: Sequence[str]) -> tuple[str, ...]:
    """What has data in it and is lost only with the new images and packages."""
    before = {(each.address, each.kind) for each in pair.with_live.changes}
    return tuple(
        f"{each.kind} {each.address}, which has data in it: only with the new images or packages"
        for each in pair.planned.changes
        if each.kind in DESTRUCTIVE and each.type in protected and (each.address, each.kind) not in before
    )


def differences(
    reviewed: Iterable[ResourceChange], now: Iterable[ResourceChange], explained: bool = False
) -> tuple[str, ...]:
    """What two plans do differently; never empty unless something else has `explained` it."""
    was, is_now = _by_address(reviewed), _by_address(now)
    found = [_difference(address, was.get(address), is_now.get(address)) for address in sorted({*was, *is_now})]
    return tuple(line for line in found if line) or (() if explained else (SAME_RESOURCES,))


def shown(changes: Iterable[ResourceChange]) -> tuple[str, ...]:
    """Each change in a line."""
    return tuple(f"{each.kind} {each.address}" for each in changes) or ("outputs only",)


def why_of(questions: Sequence[Question]) -> str:
    """All of them in a line."""
    return "; ".join(f"stack {each.stack}: {each.why}" for each in questions)


def lines_of(questions: Sequence[Question]) -> tuple[str, ...]:
    """What a person looks at."""
    return fitting([f"{each.stack}: {line}" for each in questions for line in each.lines])


def fitting(lines: Sequence[str]) -> tuple[str, ...]:
    """As many as people read, without characters that a terminal would obey."""
    more = (f"and {len(lines) - MOST_LINES} more",) if len(lines) > MOST_LINES else ()
    return (*map(plain, lines[:MOST_LINES]), *more)


def plan_id(sha: str, questions: Iterable[Question]) -> str:
    """The name of an approval: it names the commit and just these plans."""
    asked = sorted((each.stack, each.digest) for each in questions)
    return f"plan-{sha[:12]}-{key_of('plans', asked=asked).value[:12]}"


def _question(pair: PlanPair, why: str, lines: tuple[str, ...]) -> Question:
    """Its digest is of everything but the images' and packages' own values: a commit that is built again asks the same.

    So it is what the plan does with the live ones, and to what and how it does it with the new ones.
    """
    outline = [asdict(each) for each in pair.planned.changes]
    digest = key_of("question", with_live=pair.with_live.digest, outline=outline).value
    return Question(pair.stack, why, lines, digest)


def _by_address(changes: Iterable[ResourceChange]) -> dict[str, tuple[str, tuple[str, ...]]]:
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for each in changes:
        kinds, attributes = found.get(each.address, ("", ()))
        found[each.address] = (f"{kinds} and {each.kind}" if kinds else each.kind, (*attributes, *each.attributes))
    return found


def _difference(address: str, was: tuple[str, tuple[str, ...]] | None, now: tuple[str, tuple[str, ...]] | None) -> str:
    if now is None:
        return f"{was[0]} {address}: was shown, and is not planned" if was else ""
    if was is None:
        return f"{now[0]} {address}: was not shown"
    if was[0] != now[0]:
        return f"{now[0]} {address}: was shown as {was[0]}"
    other = ", ".join(sorted({*was[1]} ^ {*now[1]}))
    return f"{now[0]} {address}: also differs in {other}" if other else ""
