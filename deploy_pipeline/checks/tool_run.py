"""Running one tool over the head's tree in a box of its own. What to run and what its answer means is `core.checks`."""

import os
from collections.abc import Callable
from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.outcome import unfinished
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import BoxSetup, Outcome, Places
from deploy_pipeline.core.spec import CheckSpec

SECONDS = 60


def run_tool(
    setup: BoxSetup,
    bench: Bench,
    spec: CheckSpec,
    argv: Callable[[Places], tuple[str, ...]],
    assess: Callable[[Outcome, str], Assessment],
) -> Assessment:
    """Run one program in a box and assess it with the path of the checkout in the box."""
    with bench.isolation.box(setup) as box:
        outcome = box.run(argv(box.places), timeout=spec.timeout_minutes * SECONDS, on_line=bench.on_line)
        failure = unfinished(outcome, spec.timeout_minutes, setup.limits)
        return failure or assess(outcome, box.places.checkout)


def absent_targets(subject: Subject, targets: tuple[str, ...]) -> Assessment | None:
    """A failure when the head does not have a file or folder that the check looks at. Follows no link."""
    missing = [target for target in targets if not os.path.lexists(Path(subject.head_tree, target))]
    if not missing:
        return None
    return Assessment("failed", f"the pull request has no {', '.join(missing)}, which deploy.yaml has checked")


def absent_environment(bench: Bench) -> Assessment | None:
    """Why there is no environment with the repository's dependencies; None when there is one."""
    if bench.prepared.environment:
        return None
    if bench.prepared.problem:
        return Assessment("failed", bench.prepared.problem)
    return Assessment("broken", "no Python environment was prepared for this check")
