"""A folder validated by hand: the checks of a pull request, side by side, without GitHub and without Dagster."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, as_completed, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.cost_of_plan import cost_of
from deploy_pipeline.checks.environment import prepared_environment
from deploy_pipeline.checks.registry import CHECK_FUNCTIONS
from deploy_pipeline.checks.runner import Check, Checked, run_check
from deploy_pipeline.checks.trees import prepare_trees
from deploy_pipeline.cli.background import Background
from deploy_pipeline.core.checks.catalogue import CHECKS, IN_ENVIRONMENT, WITHOUT_BOX, enabled, tools_of
from deploy_pipeline.core.checks.plan_report import plan_reports
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.interruptions import uninterrupted
from deploy_pipeline.gateways.working_tree import WorkingTree
from deploy_pipeline.gateways.workspace import Workspace

CHECKS_AT_ONCE = 4
SECONDS_TO_END = 5.0
PLAN, COST = "terraform_plan", "cost"
Listener = Callable[[Checked], None]


@dataclass(frozen=True)
class Wanted:
    """What to validate. `checks` are names; `everything` says whether files that did not change count as well."""

    checks: tuple[str, ...]
    base: str | None = None
    everything: bool = True


@contextmanager
def local_subject(tree: WorkingTree, spec: Spec, git: Git, workspace: Workspace, wanted: Wanted) -> Iterator[Subject]:
    """The folder as something that checks understand. Its own configuration counts: whoever runs this trusts it."""
    folder = workspace.validation(f"local-{os.getpid()}")
    workspace.discard(folder)  # of an earlier process with this number, that was killed
    snapshot = tree.snapshot(wanted.base, spec.repository.branch)
    head = git.checkout(snapshot.url, snapshot.head)
    merge_base, before = "", ""
    if snapshot.base:
        git.checkout(snapshot.url, snapshot.base)
        merge_base = git.merge_base(snapshot.base, snapshot.head)
        before = str(git.checkout(snapshot.url, merge_base))
    changes = git.changes(merge_base, snapshot.head) if merge_base else ()
    try:
        laid_out, _ = prepare_trees(head, head, folder)
        yield Subject(
            spec.repository.name, snapshot.head, merge_base, str(laid_out), before, spec, changes, authorised=True
        )
    finally:
        workspace.discard(folder)


def validate_subject(subject: Subject, bench: Bench, wanted: Wanted, on_result: Listener) -> tuple[Checked, ...]:
    """Run the wanted checks, several at once; `on_result` hears of each as it ends. In the order of `CHECKS`.

    Whatever interrupts it, Ctrl-C above all, ends every box before it is passed on.
    """
    if need_boxes(wanted, subject.spec):
        tools = bench.isolation.prepare_tools(tools_of(subject.spec), bench.on_line)
        bench = replace(bench, prepared=replace(bench.prepared, tools=tools))
    run = _Run(subject, bench, wanted, Background(CHECKS_AT_ONCE))
    started: list[Future[Checked]] = []
    done: dict[str, Checked] = {}
    try:
        started += run.start()
        for future in as_completed(started):
            checked = future.result()
            done[checked.result.check] = checked
            on_result(checked)
    except BaseException:
        with uninterrupted():
            run.background.stop()
            bench.isolation.close()
            wait(started, SECONDS_TO_END)
        raise
    return tuple(done[name] for name in CHECKS if name in done)


def need_boxes(wanted: Wanted, spec: Spec) -> bool:
    """Whether one of the checks, or what it needs, runs in a box."""
    names = {*wanted.checks, *([PLAN] if COST in wanted.checks else [])}
    return bool(names & set(enabled(spec)) - set(WITHOUT_BOX))


@dataclass(frozen=True)
class _Run:
    subject: Subject
    bench: Bench
    wanted: Wanted
    background: Background

    def start(self) -> list[Future[Checked]]:
        """Start every wanted check. The cost needs the plan, of which nobody hears when only the cost is wanted."""
        own = [name for name in CHECK_FUNCTIONS if name in self.wanted.checks]
        started = {name: self._start(name) for name in own if name not in IN_ENVIRONMENT}
        if len(started) < len(own):
            environment = self.background.start(self._environment)
            started |= {name: self._start(name, environment) for name in own if name in IN_ENVIRONMENT}
        if COST in self.wanted.checks:
            plan = started.get(PLAN) or self._start(PLAN)
            started[COST] = self.background.start(lambda: self._cost(plan.result()), after=plan)
        return list(started.values())

    def _start(self, name: str, environment: Future[Prepared] | None = None) -> Future[Checked]:
        check, _ = CHECK_FUNCTIONS[name]

        def run() -> Checked:
            return self._checked(name, check, environment.result() if environment else self.bench.prepared)

        return self.background.start(run, after=environment)

    def _environment(self) -> Prepared:
        return prepared_environment(self.subject, self.bench, everything=self.wanted.everything)

    def _cost(self, plan: Checked) -> Checked:
        def plans() -> Mapping[str, bytes]:
            return plan_reports(plan.reports)

        return self._checked(COST, cost_of(plan.result, plans), self.bench.prepared)

    def _checked(self, name: str, check: Check, prepared: Prepared) -> Checked:
        bench = replace(self.bench, prepared=prepared)
        return run_check(name, check, self.subject, bench, everything=self.wanted.everything)
