"""A sandbox: emulated AWS, GitHub and Slack for one repository, on this machine. Bring it up, ask it, take it down."""

import os
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.sandbox import health
from deploy_pipeline.sandbox.bring_up import BringUp
from deploy_pipeline.sandbox.health import SandboxStatus
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.machine import Machine, Surroundings, prepare_machine
from deploy_pipeline.sandbox.progress import Progress
from deploy_pipeline.sandbox.source import read_source
from deploy_pipeline.sandbox.state import SandboxState, read_state
from deploy_pipeline.sandbox.teardown import LOCK_SECONDS, stop_everything, take_down

DEFAULT_HOME = Path(".sandbox")
OWNER_ONLY = 0o700


def up(home: Path, source: Path, progress: Progress) -> SandboxState:
    """Bring up the sandbox in `home` for the repository `source`; one that works already is only reported.

    Of one that is half dead, the dead servers are started again on their ports. A new MiniStack is an empty account:
    `terraform/bootstrap` is applied again, and what was deployed is gone. Raises `DeployError`; nothing of a sandbox
    that could not be brought up keeps running.
    """
    around, layout = _around(progress), Layout(home.resolve())
    read = read_source(source)
    _make_home(layout)
    with file_lock(layout.lock, around.clock, LOCK_SECONDS):
        state = _readable_state(layout, progress)
        if state and health.SandboxStatus(state, health.components(state)).works:
            progress(f"The sandbox in {layout.home} is up already")
            return state
        return _complete(BringUp(layout, read, around, state), layout, around)


def prepare(home: Path, source: Path, progress: Progress) -> Machine:
    """Install and make all that `up` would, and start nothing but the Docker engine where none runs."""
    around, layout, read = _around(progress), Layout(home.resolve()), read_source(source)
    _make_home(layout)
    with file_lock(layout.lock, around.clock, LOCK_SECONDS):
        return prepare_machine(around, layout, read.base_images)


def status(home: Path) -> SandboxStatus:
    """Ask every server of the sandbox in `home`. Changes nothing."""
    return health.status(home)


def down(home: Path, progress: Progress, *, purge: bool = False) -> None:
    """Stop the sandbox in `home`; with `purge` also remove its images, its base images and its folder."""
    take_down(home, _around(progress), purge=purge)


def _make_home(layout: Layout) -> None:
    layout.home.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
    (layout.home / ".gitignore").write_text("*\n")


def _complete(bring_up: BringUp, layout: Layout, around: Surroundings) -> SandboxState:
    try:
        return bring_up.run()
    except BaseException:
        around.progress("This did not work: taking down what was started")
        stop_everything(layout, bring_up.state, around)
        layout.state_file.unlink(missing_ok=True)
        raise


def _readable_state(layout: Layout, progress: Progress) -> SandboxState | None:
    try:
        return read_state(layout.state_file)
    except DeployError as error:
        progress(f"{error.where} {error.what}: starting anew")
        return None


def _around(progress: Progress) -> Surroundings:
    clock, environment = SystemClock(), dict(os.environ)
    return Surroundings(LocalProcess(environment=environment, clock=clock), clock, environment, progress)
