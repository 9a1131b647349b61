"""What is broken: each fault once, in the middle of one real deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from deploy_pipeline_tests.chaos import acts
from deploy_pipeline_tests.chaos.places import Place
from deploy_pipeline_tests.chaos.proxy import Moment, Trap, What
from deploy_pipeline_tests.chaos.scene import LEASE_SECONDS, Scene

Act = Callable[[Scene], object]
Need = Literal["nothing", "small disks", "a clock"]
SERVER_ERROR = 500


@dataclass(frozen=True)
class Fault:
    """`act` is done at the place, and `what` becomes of the exchange, so many times. `then` is done afterwards.

    `first` is done before the deployment begins, `last` when it is over. `rollback`: a way back is broken instead.
    So many times `at_least` the place has to come by: else it was not tried.
    """

    name: str
    place: Place
    moment: Moment = "before"
    what: What = "go on"
    times: int = 1
    act: Act = lambda scene: None
    then: Act = lambda scene: None
    first: Act = lambda scene: None
    last: Act = lambda scene: None
    needs: Need = "nothing"
    rollback: bool = False
    at_least: int = 1

    def lacks(self, scene: Scene) -> str:
        """What this machine would have to have for it; empty where it can be tried."""
        there = {"nothing": True, "small disks": scene.machine.small_disks, "a clock": scene.machine.clock is not None}
        return "" if there[self.needs] else self.needs

    def trap(self, scene: Scene) -> Trap:
        """The trap, set for one deployment."""
        return Trap(
            self.place.pattern, self.moment, self.what, last=self.times, act=lambda: self.act(scene),
            armed_by=self.place.after,
        )  # fmt: skip


def killed(place: Place, moment: Moment) -> Fault:
    """SIGKILL of the run worker."""
    what: What = "drop" if moment == "before" else "go on"
    return Fault(f"the worker is killed {moment} {place.name}", place, moment, what, act=acts.kill_worker)


def lost(place: Place) -> Fault:
    """AWS has done it, and nobody hears of that."""
    return Fault(f"the answer to {place.name} is lost", place, "after", "drop")


def refused(place: Place, what: What, times: int) -> Fault:
    """AWS does not do it, some times."""
    words = {"throttle": "is throttled", "fail": "fails with 500", "drop": "never arrives"}[what]
    return Fault(f"{place.name} {words} {times} times", place, "before", what, times)


def hung(place: Place) -> Fault:
    """AWS has done it, and does not answer: the client has to give up by itself."""
    return Fault(f"the answer to {place.name} never comes", place, "after", "hang")


def canceled_and(place: Place, then: Act, words: str) -> Fault:
    """A person ends it in the UI; something else happens while it goes back, which comes by the same place."""
    return Fault(
        f"it is cancelled after {place.name}, {words}", place, "after", times=2, act=acts.in_turn(acts.cancel, then),
        at_least=2,
    )  # fmt: skip


def killed_with_its_settlement(place: Place) -> Fault:
    """SIGKILL of the run worker, and of the one that settles what the first has left, which comes by the same place."""
    return Fault(
        f"the worker is killed after {place.name}, and then the one that settles it", place, "after", times=2,
        act=acts.in_turn(acts.kill_worker, acts.kill_settlement), at_least=2,
    )  # fmt: skip


def canceled(place: Place, moment: Moment) -> Fault:
    """A person ends it in the UI."""
    return Fault(f"it is cancelled {moment} {place.name}", place, moment, act=acts.cancel)


def rebooted(place: Place, moment: Moment) -> Fault:
    """Every process of the service is gone at once, and started again."""
    what: What = "drop" if moment == "before" else "go on"
    return Fault(
        f"the machine goes down {moment} {place.name}", place, moment, what, act=acts.kill_everything,
        then=Scene.restart,
    )  # fmt: skip


def without_daemon(place: Place) -> Fault:
    """The daemon is killed, and started again."""
    return Fault(f"the daemon is killed at {place.name}", place, act=acts.kill_daemon, then=Scene.restart)


def cut_off(place: Place, limits: float) -> Fault:
    """The ledger cannot be reached for so many times the lease's limit."""
    return Fault(
        f"the ledger is away for {limits:g} limits from {place.name}", place,
        act=lambda scene: scene.machine.proxy.traps.shut("chaos-ledger/", LEASE_SECONDS * limits),
    )  # fmt: skip


def without_github(place: Place, status: int) -> Fault:
    """GitHub answers so to the next requests."""

    def refuse(scene: Scene) -> None:
        if status >= SERVER_ERROR:
            acts.github(scene, "outage", status=status, count=10)
        else:
            acts.github(scene, "secondary_limit", status=status, retry_after=5, count=5)

    return Fault(f"GitHub answers {status} from {place.name}", place, act=refuse)


def paused(place: Place) -> Fault:
    """The worker stops for longer than its lease lasts, and goes on then."""
    return Fault(f"the worker sleeps through its lease at {place.name}", place, act=acts.pause_worker)
