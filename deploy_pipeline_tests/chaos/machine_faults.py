"""What is broken around the pipeline: its machine, its Dagster, other deployments at the same time, the way back."""

from functools import partial

from deploy_pipeline_tests.chaos import acts, storage
from deploy_pipeline_tests.chaos.faults import Act, Fault
from deploy_pipeline_tests.chaos.places import BEGINNING, PACKAGE, Place
from deploy_pipeline_tests.chaos.proxy import Moment
from deploy_pipeline_tests.chaos.scene import Scene


def without_engine(place: Place, moment: Moment, seconds: float) -> Fault:
    """The Docker engine is restarted: what it did for us is ended, and it answers again some time later."""

    def restart(scene: Scene) -> None:
        scene.machine.engine.restart(seconds)

    return Fault(
        f"the Docker engine is away for {seconds:g} s {moment} {place.name}", place, moment, "drop", act=restart
    )


def full(what: str, place: Place, seconds: float) -> Fault:
    """Nothing more can be written to the folder `dagster` or `work` of the service."""

    def fill(scene: Scene) -> None:
        storage.fill(scene.home / what, seconds)

    name = f"the disk of {what} is full for {seconds:g} s from {place.name}"
    return Fault(name, place, act=fill, needs="small disks")


def locked(place: Place, seconds: float) -> Fault:
    """Another program writes to Dagster's databases; five seconds is what SQLite waits."""

    def lock(scene: Scene) -> None:
        storage.lock(scene.dagster.home, seconds)

    return Fault(f"Dagster's databases are locked for {seconds:g} s from {place.name}", place, act=lock)


def without_storage(place: Place, seconds: float) -> Fault:
    """The folder of Dagster's runs and events is not there."""

    def take_away(scene: Scene) -> None:
        storage.take_away(scene.dagster.home / "history", seconds)

    return Fault(f"Dagster's databases are away for {seconds:g} s from {place.name}", place, act=take_away)


def two_daemons(place: Place, name: str, act: Act) -> Fault:
    """Two daemons work on one instance from before the merge until after the deployment."""
    return Fault(name, place, act=act, first=acts.second_daemon, last=acts.one_daemon_again)


def without_code(place: Place) -> Fault:
    """The process that has the code location is killed; the warm server starts another one."""
    return Fault(f"the code server is killed at {place.name}", place, act=acts.kill_code_server)


def jumped(place: Place, hours: int) -> Fault:
    """The wall clock that the worker sees jumps."""
    way = "forward" if hours > 0 else "back"
    name = f"the clock jumps {way} by {abs(hours)} h at {place.name}"
    return Fault(name, place, act=partial(acts.jump, seconds=hours * 3600), needs="a clock")


def overtaken(place: Place) -> Fault:
    """The worker stops, a newer commit goes live, the worker goes on."""
    return Fault(f"a newer commit goes live while the worker sleeps at {place.name}", place, act=acts.stop_worker,
                 then=acts.overtake)  # fmt: skip


SAME_TWICE = Fault("one commit is launched twice", BEGINNING, act=acts.launch_again)
NEWER_TOO = Fault("a newer commit is launched meanwhile", BEGINNING, act=acts.launch_newer)
SAME_AT_ONCE = Fault("one commit is deployed by two Dagsters at once", PACKAGE, act=acts.deploy_twice_at_once)
NEWER_AT_ONCE = Fault("two commits are deployed by two Dagsters at once", PACKAGE, act=acts.deploy_newer_at_once)
