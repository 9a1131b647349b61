"""Moves an ECS service to its idle colour: started, looked at, tried, switched to, watched. The other one stays up.

Nothing is kept between two attempts: the load balancer says which colour is live. What a run that was killed has moved,
the ledger's settlement returns before the next one begins.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from deploy_pipeline.core.colours import OTHER, Colour, Traffic, enough
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.word import in_words
from deploy_pipeline.core.spec import ServiceRolloutSpec, ServiceSpec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.interruptions import held_back
from deploy_pipeline.rollout.bake import ERRORS_IN_A_ROW
from deploy_pipeline.rollout.ear import Ear, wait_or_hear
from deploy_pipeline.rollout.service_colours import ServiceColours, colours_of
from deploy_pipeline.rollout.service_health import POLL_SECONDS, ServiceHealth

CHECKS_BEFORE_THE_SWITCH = 3
MINUTE_SECONDS = 60.0


@dataclass
class BlueGreen:
    """One attempt for one service. `bake_clock` is the one by which the minutes of the bake pass.

    `smoke` tries the idle colour through the test listener, and raises DeployError where it does not pass. `moving` is
    told, before anything is changed, which service has users and what it runs (an ARN). Through `ear` a person may end
    the bake at any time.
    """

    colours: ServiceColours
    rollout: ServiceRolloutSpec
    bake_clock: Clock
    smoke: Callable[[], None]
    moving: Callable[[str, str], None]
    ear: Ear
    baked_seconds: float = 0.0

    def run(self, target: str) -> Colour:
        """Have `target` (a task definition's ARN) serve all of the traffic. Returns the colour that does.

        The other one stays up, so that going back is one change, until `drain` removes it.

        Raises DeployError when the colour that was live before serves again, or still. An interruption does the same.
        """
        traffic = self.colours.traffic()
        live, idle = traffic.live, traffic.idle
        if not traffic.whole:
            self.colours.say(f"an earlier run stopped while it moved traffic: {live} has all of it again")
            self.colours.switch(live)
        state = self.colours.state(live)
        if state.task_definition == target:
            self._continue(live, target)
            return live
        self.moving(self.colours.places[live].service, state.task_definition)
        try:
            self.colours.start(idle, target, max(state.desired, 1))
            self._settle(idle, target)
            self.smoke()
            self.colours.switch(idle)
            self._bake(idle, target)
        except BaseException as error:
            self._return_to(live, error)
            raise
        return idle

    def _continue(self, live: Colour, target: str) -> None:
        """The live colour is to run it already: a first deployment, or one whose run was killed after the switch."""
        self._settle(live, target)
        if self.colours.state(OTHER[live]).desired:
            self.colours.say("an earlier run stopped after the switch: the bake is done again")
            self._bake(live, target)

    def _settle(self, colour: Colour, target: str) -> None:
        """Wait until every task is healthy, and look a few times more. Raises DeployError where it does not last."""
        place = self.colours.places[colour]
        verdict = self.colours.health.settle(place, target, self.colours.service.stable_within_seconds)
        if verdict.outcome != "healthy":
            todo = f"read the task's log, correct what keeps it from answering {place.health_path}, and merge that"
            raise DeployError(verdict.reason, where=f"service {place.service}", todo=todo)
        with self._watched():
            for _ in range(CHECKS_BEFORE_THE_SWITCH):
                self.colours.health.clock.sleep(POLL_SECONDS)
                self._read(colour, target)

    def _bake(self, colour: Colour, target: str) -> None:
        """Look each minute whether the new colour stays healthy under the traffic, while the other one is still up."""
        minutes = self.rollout.bake_minutes
        if not minutes:
            return
        self.ear.open()
        with self._watched():
            for minute in range(1, minutes + 1):
                if wait_or_hear(self.bake_clock, self.ear, MINUTE_SECONDS):
                    break
                self.colours.say(f"minute {minute} of {minutes}: {self._read(colour, target)}")
        word = self.ear.close()
        if word and word.what == "roll_back":
            raise DeployError(f"not promoted: {in_words(word)}", where=f"service {self.colours.places[colour].service}")

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Time in which a colour that is up is only looked at."""
        clock = self.colours.health.clock
        began = clock.monotonic()
        yield
        self.baked_seconds += clock.monotonic() - began

    def _read(self, colour: Colour, target: str) -> str:
        """A check that is made again where AWS cannot be asked. Raises DeployError as `_check`."""
        for _ in range(ERRORS_IN_A_ROW - 1):
            try:
                return self._check(colour, target)
            except DeployError as error:
                if not error.retryable:
                    raise
                self.colours.say(f"the health could not be read: {error}")
                self.colours.health.clock.sleep(POLL_SECONDS)
        return self._check(colour, target)

    def _check(self, colour: Colour, target: str) -> str:
        """One check, in words. Raises DeployError where too few of the wanted tasks are healthy."""
        desired, percent = self.colours.state(colour).desired, self.rollout.healthy_percent
        healthy = self.colours.health.healthy(self.colours.places[colour], target)
        words = f"{healthy} of {desired} tasks are healthy"
        if not enough(healthy, desired, percent):
            raise DeployError(
                f"{words}, fewer than {percent} %", where=f"service {self.colours.places[colour].service}",
                todo="read the tasks' logs, correct what ended them or kept them from answering, and merge that",
            )  # fmt: skip
        return words

    def _return_to(self, colour: Colour, why: BaseException) -> None:
        """Give the traffic back to the colour that was live, and remove the other one."""
        with held_back():
            try:
                if self.colours.traffic() != Traffic(blue=float(colour == "blue"), green=float(colour == "green")):
                    self.colours.switch(colour)
                self.colours.remove(OTHER[colour])
            except DeployError as error:
                raise DeployError(
                    f"{why}\nNot returned: {error}", where=self.colours.where,
                    todo=f"look now: {self.colours.groups[colour]} is to have all of the traffic, {OTHER[colour]} none",
                ) from why  # fmt: skip


def drain_all(health: ServiceHealth, services: Iterable[ServiceSpec]) -> list[str]:
    """Remove the tasks of every colour without traffic; their services."""
    colours = [colours_of(health, service) for service in services]
    return [name for each in colours if each and (name := drain(each))]


def drain(colours: ServiceColours) -> str:
    """Remove the tasks of the colour without traffic. Returns its service, "" where it has none or some traffic."""
    traffic = colours.traffic()
    if not traffic.whole or not colours.state(traffic.idle).desired:
        return ""
    colours.remove(traffic.idle)
    return colours.places[traffic.idle].service
