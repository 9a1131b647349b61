"""Looks at the world after a fault: is it one release, whole, and does the ledger say the same?"""

from collections.abc import Iterator, Mapping

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.ledger.stack_lock import LOCK_SUFFIX
from deploy_pipeline_tests.chaos.scene import Scene


def complaints(scene: Scene, before: Deployed, notices: Mapping[str, int]) -> list[str]:
    """What is not as it has to be. `before` was live when the commits (SHA -> how often to tell of it) were merged."""
    live, newest = scene.ledger.live(), list(notices)[-1]
    if live is None:
        return ["nothing is live"]
    found = []
    if live.candidate.commit.sha != newest and (len(notices) > 1 or live.release != before.release):
        found.append(f"{live.release} is live: neither the candidate nor what served before")
    found += [*functions(scene, live), *services(scene, live), *leftovers(scene)]
    for sha, times in notices.items():
        found += [*record(scene, live, sha, newest=sha == newest), *told(scene, sha[:12], times)]
    return found


def complaints_of_rollback(scene: Scene, before: Deployed) -> list[str]:
    """What is not as it has to be after a way back from `before`, however it ended."""
    live = scene.ledger.live()
    if live is None:
        return ["nothing is live"]
    found = [*functions(scene, live), *services(scene, live), *leftovers(scene), *told(scene, scene.rollback, 1)]
    attempts = [each for each in scene.deployments() if each.run_id == scene.rollback]
    names = {before.release, *(each.id for each in attempts)}
    if live.release not in names:
        found.append(f"{live.release} is live: neither what served before nor the way back")
    for each in attempts:
        if each.outcome is None:
            found.append(f"the ledger has {each.id}, which was never settled")
        if (each.outcome == "live") != (each.id == live.release):
            found.append(f"the ledger says {each.outcome} of {each.id}, and {live.release} is live")
    return found


def functions(scene: Scene, live: Deployed) -> Iterator[str]:
    """Each alias has to be on the version of the live release, alone."""
    gateway = scene.gateways.functions()
    for each in live.functions:
        alias = gateway.alias(each.function_name, each.alias)
        if (alias.version, alias.routing) != (each.version, {}):
            yield f"{each.name} serves {alias.version} {alias.routing}, and the ledger says {each.version}"


def services(scene: Scene, live: Deployed) -> Iterator[str]:
    """Each listener has to send all of its traffic to the colour that runs the live release's task definition."""
    balancers, gateway = scene.gateways.load_balancers(), scene.gateways.services()
    for each in live.services:
        spec = live.candidate.spec.services[each.name]
        balancer = spec.load_balancer
        if balancer is None:
            continue
        wanted = balancer.blue_target_group if each.service == spec.service else balancer.green_target_group
        forwards = balancers.forwards(balancer.name, balancer.production_port)
        sent = {one.target_group for one in forwards if one.weight}
        if sent != {wanted}:
            yield f"{each.name}: users are sent to {sorted(sent)}, and the ledger says {wanted}"
        running = gateway.state(each.cluster, each.service)
        if running.task_definition != each.task_definition or not running.desired:
            yield f"{each.service} has {running.desired} tasks of {running.task_definition}"


def leftovers(scene: Scene) -> Iterator[str]:
    """Nobody may hold the environment, or a state."""
    head = scene.ledger.head().head
    if head.lease is not None:
        yield f"{head.lease.deployment} still holds the environment"
    store = scene.gateways.object_store()
    for name, stack in scene.gateways.home_spec().terraform.items():
        if store.exists(stack.backend.bucket, stack.backend.key + LOCK_SUFFIX):
            yield f"the state of {name} is still locked"


def record(scene: Scene, live: Deployed, sha: str, *, newest: bool) -> Iterator[str]:
    """What the ledger says of the commit's deployments has to be true."""
    is_live = live.candidate.commit.sha == sha
    outcomes = [found.outcome for found in scene.deployments() if found.commit.sha == sha]
    if None in outcomes:
        yield "the ledger has a deployment that was never settled"
    if newest and is_live != ("live" in outcomes):
        yield f"the ledger says {outcomes}, and the commit is {'live' if is_live else 'not live'}"
    if outcomes.count("live") > 1 + len(scene.launched) + len(scene.beside):
        yield "the commit was deployed twice"


def told(scene: Scene, words: str, times: int) -> Iterator[str]:
    """People have to hear once of the end of each run."""
    heard = scene.told(words)
    if len(heard) != times:
        yield f"people were told {len(heard)} times of {times} runs: {heard}"
