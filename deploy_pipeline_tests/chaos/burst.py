"""Many merges in a burst while the daemon is killed again and again: nothing is lost, nothing is deployed twice."""

import random
import time
from collections import Counter
from collections.abc import Iterator

from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.release import Release
from deploy_pipeline_tests.chaos.acts import kill_daemon
from deploy_pipeline_tests.chaos.hearing import doubled, state_of
from deploy_pipeline_tests.chaos.inspection import functions, leftovers, services
from deploy_pipeline_tests.chaos.scene import Scene, quiet

PAUSE_SECONDS = 0.5
LIVE_SECONDS, TOLD_SECONDS = 300.0, 120.0


def burst(scene: Scene, merges: int, kills: int, seed: int) -> list[str]:
    """Merge so often, kill the daemon so often at random moments, wait; what is not as it has to be then."""
    chance = random.Random(seed)
    before = scene.ledger.live()
    if before is None:
        return ["nothing was live before it"]
    moments = set(chance.sample(range(merges), kills))
    shas = []
    for number in range(merges):
        shas.append(scene.merge())
        if number in moments:
            kill_daemon(scene)
            time.sleep(chance.random())
            scene.restart()
        time.sleep(chance.random() * PAUSE_SECONDS)
    try:
        wait_for(lambda: quiet(lambda: is_live(scene, shas[-1])), LIVE_SECONDS, "the last merge is not live")
        scene.settled()
        wait_for(lambda: quiet(lambda: all_told(scene, shas)), TOLD_SECONDS, "GitHub has not heard of every merge")
    except DeployError as error:
        shown = dict(Counter(state_of(scene, sha) for sha in shas))
        return [error.what, f"GitHub shows {shown}", *wrong(scene, shas, before.release)]
    return list(wrong(scene, shas, before.release))


def is_live(scene: Scene, sha: str) -> bool | None:
    """Whether a commit serves."""
    live = scene.ledger.head().head.live
    return True if live and live.commit == sha else None


def all_told(scene: Scene, shas: list[str]) -> bool | None:
    """Whether GitHub shows every merge as deployed, itself or with a newer one."""
    return True if all(state_of(scene, sha) == "success" for sha in shas) else None


def wrong(scene: Scene, shas: list[str], before: str) -> Iterator[str]:
    """What is not as it has to be."""
    live = scene.ledger.live()
    if live is None:
        yield "nothing is live"
        return
    yield from functions(scene, live)
    yield from services(scene, live)
    yield from doubled(scene)
    yield from leftovers(scene)
    releases = list(since(scene, live.release, before))
    order = [shas.index(each.commit) for each in releases]
    if order != sorted(set(order)):
        yield f"deployed twice or out of order: {order}"
    recorded = [sha for each in releases for sha in (*each.contains, each.commit)]
    if recorded != shas:
        yield f"{len(recorded)} of {len(shas)} merges are recorded, each in its place and once"


def since(scene: Scene, newest: str, before: str) -> Iterator[Release]:
    """The releases after `before`, the oldest first."""
    found: list[Release] = []
    name = newest
    while name != before:
        release = scene.ledger.release(name)
        if release is None:
            raise DeployError(f"the manifest of {name} is missing", where="ledger")
        found.append(release)
        name = release.replaced
    yield from reversed(found)
