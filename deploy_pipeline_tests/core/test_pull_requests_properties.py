"""No sequence of pushes, labels, pauses and looks has a head authorised that no writer added the label to."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from deploy_pipeline.core.checks.subject import PullRequest
from deploy_pipeline.core.pull_permission import READ_FOR, LabelEvent, Permission
from deploy_pipeline.core.pull_requests import Look, PullCursor, Run, Validate, decide, in_question, people

LABEL, US, NUMBER = "ok-to-test", "us", 7
PERMISSIONS: dict[str, Permission] = {"writer": "write", "triager": "triage", "author": "read", US: "admin"}
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class World:
    """One pull request of an outsider on GitHub, the cursor, and which heads a writer really added the label to."""

    at: datetime = START
    heads: list[str] = field(default_factory=lambda: ["head-0"])
    labelled: bool = False
    open: bool = True
    events: list[LabelEvent] = field(default_factory=list)
    meant: set[str] = field(default_factory=set)
    seen: dict[str, datetime] = field(default_factory=dict)
    cursor: PullCursor = field(default_factory=lambda: PullCursor(watched="w"))
    pending: Look | None = None
    withdraws: bool = True
    started: list[Validate] = field(default_factory=list)

    @property
    def head(self) -> str:
        return self.heads[-1]

    def do(self, action: str) -> None:
        name, _, argument = action.partition(" ")
        getattr(self, name)(*([argument] if argument else []))

    def wait(self, seconds: str) -> None:
        self.at += timedelta(seconds=int(seconds))

    def push(self) -> None:
        """A plain push: a commit that never was the head before. GitHub notes nothing."""
        if self.open:
            self.heads.append(f"head-{len(self.heads)}")

    def force(self, back: str) -> None:
        """A forced push, back to an earlier head when there is one."""
        if self.open and len(self.heads) > int(back):
            self.note("head_moved", "author")
            self.heads.append(self.heads[-1 - int(back)])

    def label(self, actor: str) -> None:
        if not self.labelled:
            self.labelled = True
            self.note("added", actor)
            if actor == "writer" and self.head in self.seen and self.at >= self.seen[self.head] + READ_FOR:
                self.meant.add(self.head)

    def unlabel(self, actor: str) -> None:
        if self.labelled:
            self.labelled = False
            self.note("removed", actor)

    def close(self) -> None:
        self.open = False

    def reopen(self) -> None:
        if not self.open:
            self.open = True
            self.note("head_moved", "author")

    def forget(self) -> None:
        """The cursor is lost."""
        self.cursor = PullCursor(watched="w")

    def outage(self) -> None:
        """The next label that is to come off stays."""
        self.withdraws = False

    def ask(self) -> None:
        """The first half of a look: the list. What happens before the second half happens between two requests."""
        pulls = (self.pull(),) if self.open else ()
        self.pending = Look(pulls, self.at, "tag", {}, PERMISSIONS)

    def look(self) -> None:
        """The second half: events and permissions, then the decision, which is carried out."""
        if self.pending is None:
            self.ask()
        assert self.pending is not None
        pulls, self.pending = self.pending, None
        events = {number: tuple(self.events) for number in in_question(self.cursor, pulls.pull_requests, LABEL)}
        asked = people(pulls.pull_requests, events)
        known = {login: PERMISSIONS[login] for login in asked}
        decision = decide(self.cursor, replace(pulls, events=events, permissions=known), [], LABEL, US)
        self.cursor = decision.cursor
        for pull in pulls.pull_requests:
            self.seen.setdefault(pull.head, pulls.at)
        self.started += [each for each in decision.validate if each.authorised]
        if decision.withdraw and self.withdraws:
            self.unlabel(US)
        self.withdraws = True

    def pull(self) -> PullRequest:
        labels = (LABEL,) if self.labelled else ()
        return PullRequest(NUMBER, "T", "author", "u", self.head, "author:topic", "base", "main", labels=labels)

    def note(self, kind: str, actor: str) -> None:
        whole = self.at.replace(microsecond=0)
        number = len(self.events) + 1
        self.events.append(LabelEvent(number, actor, whole, kind))  # type: ignore[arg-type] # one of three


ACTIONS = st.sampled_from(
    ["push", "force 1", "force 2", "label writer", "label triager", "label author", "label us", "unlabel author",
     "unlabel writer", "close", "reopen", "forget", "outage", "ask", "look", "look", "wait 1", "wait 10", "wait 60"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(ACTIONS, max_size=40))
@example(["look", "wait 60", "push", "look", "label writer", "wait 60", "look"])
@example(["look", "wait 10", "push", "label writer", "force 1", "wait 10", "look", "look"])
@example(["look", "wait 10", "label triager", "ask", "push", "unlabel writer", "label writer", "look"])
@example(["look", "wait 10", "label triager", "wait 10", "look"])
@example(["look", "wait 10", "label us", "wait 10", "look"])
@example(["push", "look", "wait 10", "force 1", "label writer", "force 1", "wait 10", "look"])
@example(["label writer", "wait 10", "push", "outage", "look", "wait 10", "look"])
def test_no_head_is_authorised_that_no_writer_labelled_after_it_was_seen(actions: list[str]) -> None:
    world = World()
    for action in actions:
        world.do(action)
        assert {each.pull_request.head for each in world.started} <= world.meant


def test_a_head_that_a_writer_labelled_is_authorised() -> None:
    world = World()
    for action in ["label writer", "look", "wait 60", "label writer", "wait 10", "look"]:
        world.do(action)
    assert [(each.pull_request.head, each.authorised) for each in world.started] == [("head-0", True)]
    for action in ["push", "look", "wait 10", "look"]:
        world.do(action)
    assert len(world.started) == 1
    assert not world.labelled


TWINS = ("outsider", "writer", "triager")
TWIN_ACTIONS = st.sampled_from(
    [f"{action} {number}" for action in ("open", "close", "end") for number in range(len(TWINS))] + ["look"] * 3
)


@settings(max_examples=300)
@given(st.lists(TWIN_ACTIONS, max_size=30))
@example(["open 1", "look", "end 1", "open 0", "look", "close 0", "look"])
@example(["open 0", "look", "open 1", "look", "close 1", "look"])
def test_a_head_in_several_pull_requests_is_validated_by_one_at_a_time(actions: list[str]) -> None:
    """After every look the head has one running validation, or its last one came to its end."""
    opened: set[int] = set()
    runs: list[Run] = []  # the newest last
    for action in [*actions, "look"]:
        name, _, argument = action.partition(" ")
        if name == "open":
            opened.add(int(argument))
        elif name == "close":
            opened.discard(int(argument))
        elif name == "end":
            runs = [replace(run, active=run.active and run.number != int(argument)) for run in runs]
        else:
            pulls = tuple(PullRequest(at, "T", TWINS[at], "u", "head", "topic", "base", "main") for at in opened)
            decision = decide(PullCursor(watched="w"), Look(pulls, START, "t", {}, PERMISSIONS), runs, LABEL, US)
            stopped = {cancel.run_id for cancel in decision.cancel}
            overwritten = [run for run in runs if run.run_id in stopped]
            runs = [run for run in runs if run.run_id not in stopped]
            for each in decision.validate:
                number = each.pull_request.number
                runs.append(Run(number, "head", each.authorised, f"{number}-{len(runs)}-{len(stopped)}-{action}", True))
            active = [run for run in runs if run.active]
            assert len(active) <= 1
            assert len(decision.validate) <= 1
            if opened and overwritten:
                assert active
