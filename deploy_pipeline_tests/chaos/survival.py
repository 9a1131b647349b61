"""One fault in one deployment: broken, left to recover by itself, and inspected."""

from collections.abc import Callable

import click

from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline_tests.chaos.faults import Fault
from deploy_pipeline_tests.chaos.hearing import doubled, shown
from deploy_pipeline_tests.chaos.inspection import complaints, complaints_of_rollback
from deploy_pipeline_tests.chaos.scene import READY_SECONDS, RUN_SECONDS, Scene, quiet
from deploy_pipeline_tests.chaos.storage import restored

SPRUNG_SECONDS, OVER_SECONDS, TOLD_SECONDS = 180.0, 400.0, 60.0


def survive(scene: Scene, fault: Fault) -> list[str]:
    """What is not as it has to be after the fault; empty where it was survived."""
    scene.launched.clear()
    scene.beside.clear()
    try:
        warm_again(scene)
        if fault.rollback:
            released(scene, everything=fault.place.everything)
        before = scene.ledger.live()
        if before is None:
            return ["nothing was live before it"]
        fault.first(scene)
        return broken(scene, fault, before)
    except DeployError as error:
        return [str(error)]
    finally:
        scene.machine.proxy.traps.trap, scene.rollback = None, ""
        fault.last(scene)
        restored()


def warm_again(scene: Scene) -> None:
    """What the service's supervisor does all the time: start a warm server again that the last fault has ended."""
    if (warm := scene.dagster.warm) is None:
        return

    def runs() -> bool | None:
        warm.mend(click.echo)
        return True if warm.process.poll() is None else None

    wait_for(runs, READY_SECONDS, "nothing is warm")


def released(scene: Scene, *, everything: bool) -> None:
    """Deploy once more, and break nothing: there is something to go back from."""
    how = scene.ended(scene.run_of(scene.merge(everything=everything)))
    scene.settled()
    if how != "SUCCESS":
        raise DeployError(f"the release to go back from: {how}", where=scene.shas[-1])


def broken(scene: Scene, fault: Fault, before: Deployed) -> list[str]:
    """Begin what is to be broken, break it, and wait until all of it is over."""
    scene.machine.proxy.traps.trap = trap = fault.trap(scene)
    known = len(scene.shas)
    if fault.rollback:
        scene.rollback = scene.launch(rollback_job.name, {}, {})
    else:
        scene.merge(everything=fault.place.everything)
    wait_for(lambda: True if trap.done else None, SPRUNG_SECONDS, f"nothing came by: {fault.place.pattern}")
    if trap.trouble:
        return [f"the fault itself: {trap.trouble}"]
    fault.then(scene)
    wrong = after_rollback(scene, before) if fault.rollback else after_deployments(scene, before, scene.shas[known:])
    if trap.trouble:
        wrong.append(f"the fault itself: {trap.trouble}")
    return wrong if trap.seen >= fault.at_least else [*wrong, f"it came by {trap.seen} of {fault.at_least} times"]


def after_deployments(scene: Scene, before: Deployed, shas: list[str]) -> list[str]:
    """Wait for the ends of the commits' deployments; what is wrong then."""
    for _, process in scene.beside:
        wait_for(process.poll, RUN_SECONDS, "the deployment beside it does not end")
    ends = {sha: wait_for(runs_of(scene, sha), OVER_SECONDS, "it never ends") for sha in shas}
    scene.settled()
    notices = {sha: runs + sum(each == sha and not done.returncode for each, done in scene.beside)
               for sha, runs in ends.items()}  # fmt: skip
    for sha, count in notices.items():
        wait_for(lambda: heard(scene, sha[:12], count), TOLD_SECONDS, "nobody was told")  # noqa: B023  (waited for)
    hidden = shown(scene, shas)
    return [*complaints(scene, before, notices), *hidden, *doubled(scene)]


def runs_of(scene: Scene, sha: str) -> Callable[[], int | None]:
    """Asks how many runs a commit has had, once it is over."""
    return lambda: quiet(lambda: scene.over(sha))


def after_rollback(scene: Scene, before: Deployed) -> list[str]:
    """Wait for the end of the way back; what is wrong then."""
    scene.ended(scene.rollback)
    scene.settled()
    wait_for(lambda: heard(scene, scene.rollback, 1), TOLD_SECONDS, "nobody was told")
    hidden = shown(scene, [before.candidate.commit.sha])
    return [*complaints_of_rollback(scene, before), *hidden, *doubled(scene)]


def heard(scene: Scene, words: str, times: int) -> bool | None:
    """Whether people have heard of it so often."""
    return True if len(scene.told(words)) >= times else None
