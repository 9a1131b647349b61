"""Returns a service to what served before a deployment, wherever that stopped. Looks first."""

from deploy_pipeline.core.colours import OTHER, Colour
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import ServiceMove
from deploy_pipeline.rollout.rolling_update import RollingUpdate
from deploy_pipeline.rollout.service_colours import ServiceColours, colours_of
from deploy_pipeline.rollout.service_health import Place, ServiceHealth


def return_service(health: ServiceHealth, move: ServiceMove) -> None:
    """Have the task definition `move.stable` serve again. Raises DeployError where it does not.

    What a person has made of the service meanwhile stays.
    """
    colours = colours_of(health, move.spec)
    if move.stable == move.candidate:
        health.log(f"{move.service}: it was to go on with what it ran: left as it is")
    elif colours is None:
        _return_in_place(health, move)
    else:
        _return_colour(colours, move)


def _return_in_place(health: ServiceHealth, move: ServiceMove) -> None:
    now = health.services.state(move.spec.cluster, move.service).task_definition
    if now == move.candidate:
        health.log(f"{move.service}: going back to {_short(move.stable)}")
        RollingUpdate(health).return_to(move.spec, move.stable)
    elif now != move.stable:
        health.log(f"{move.service} runs {_short(now)}, which somebody else has set: left as it is")


def _return_colour(colours: ServiceColours, move: ServiceMove) -> None:
    stable = _colour_of(colours, move)
    known = (move.stable, move.candidate)
    theirs = [each for each in colours.places if _serves(colours, each) and _runs(colours, each) not in known]
    if theirs or _runs(colours, stable) not in known:
        colours.say(f"{', '.join(theirs) or stable} runs what somebody else has set: left as it is")
        return
    if not _is_up(colours, stable, move):
        place, wanted = colours.places[stable], max(colours.state(OTHER[stable]).desired, 1)
        colours.say(f"{stable} starts {_short(move.stable)} again")
        colours.health.from_now(place, move.stable)
        colours.health.services.update(place.cluster, place.service, move.stable, wanted)
        _wait(colours, place, move)
    if colours.share(stable) < 1.0:
        colours.switch(stable)
    if colours.state(OTHER[stable]).desired:
        colours.remove(OTHER[stable])


def _colour_of(colours: ServiceColours, move: ServiceMove) -> Colour:
    """The colour that had users before."""
    found: list[Colour] = [colour for colour, place in colours.places.items() if place.service == move.service]
    if not found:
        raise DeployError(f"{move.service} is neither colour of {move.name}", where=colours.where)
    return found[0]


def _runs(colours: ServiceColours, colour: Colour) -> str:
    """The task definition of a colour (an ARN)."""
    return colours.state(colour).task_definition


def _serves(colours: ServiceColours, colour: Colour) -> bool:
    """Whether users are sent to a colour."""
    return colours.share(colour) > 0


def _is_up(colours: ServiceColours, colour: Colour, move: ServiceMove) -> bool:
    state = colours.state(colour)
    return state.task_definition == move.stable and state.desired > 0


def _wait(colours: ServiceColours, place: Place, move: ServiceMove) -> None:
    verdict = colours.health.settle(place, move.stable, move.spec.stable_within_seconds)
    if verdict.outcome != "healthy":
        raise DeployError(verdict.reason, where=f"service {place.service}", todo="read the task's log")


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]
