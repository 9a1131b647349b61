"""The releases that may still be taken back by themselves: what serves, and those just before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.ledger.triggers import changed_functions, changed_services, left_alone
from deploy_pipeline.core.release import Release
from deploy_pipeline.gateways.ledger import Ledger


@dataclass(frozen=True)
class Watched:
    """A release, what it `made`, what was there `before` it, and what is `live` now."""

    release: Release
    live: Deployed
    made: Deployed
    before: Deployed

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that it made new, and that still are as it made them."""
        serving = {(each.name, each.version) for each in self.live.functions}
        made = {each.name: each.version for each in self.made.functions}
        return tuple(name for name in changed_functions(self.made, self.before) if (name, made[name]) in serving)

    @property
    def services(self) -> tuple[str, ...]:
        """The services likewise."""
        serving = {(each.name, each.task_definition) for each in self.live.services}
        made = {each.name: each.task_definition for each in self.made.services}
        return tuple(name for name in changed_services(self.made, self.before) if (name, made[name]) in serving)


def watched(ledger: Ledger, now: datetime) -> list[Watched] | str:
    """The release that serves, and those before it that went live a short while ago; or why none may be taken back.

    A newer release does not hide what an older one has broken. Behind one that is left alone nothing is looked at.
    """
    head, live = ledger.head().head, ledger.live()
    release = ledger.release(live.release) if live else None
    if live is None or release is None:
        return "nothing is live yet"
    minutes = timedelta(minutes=live.candidate.spec.rollback.watch_minutes)
    found: list[Watched] = []
    while True:
        why = left_alone(head, release, ledger.deployment(release.name), now, minutes)
        if why:
            return found or f"{release.name} is left alone: {why}"
        made, before, replaced = ledger.deployed(release.name), ledger.deployed(release.replaced), release.replaced
        if made is None or before is None:
            return found or f"the record of {replaced if made else release.name} is missing"
        found.append(Watched(release, live, made, before))
        earlier = ledger.release(replaced)
        if earlier is None:
            return found
        release = earlier
