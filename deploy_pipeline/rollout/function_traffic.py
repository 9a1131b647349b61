"""The aliases of all functions of a release: their traffic is divided, moved and returned together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.rollout import PublishedFunction
from deploy_pipeline.gateways.functions import AliasState, Functions
from deploy_pipeline.gateways.interruptions import held_back

WHOLE = 100


@dataclass
class FunctionTraffic:
    """The aliases, which only this rollout changes: a change by anybody else is refused, never overwritten."""

    functions: Functions
    targets: Sequence[PublishedFunction]
    revisions: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.revisions = {each.name: each.revision_id for each in self.targets}

    def divide(self, names: Sequence[str], weight: int) -> None:
        """Give the new versions of these so many percent of the traffic (1 to 99), one alias after the other."""
        for each in (one for one in self.targets if one.name in names):
            self._route(each, lambda one: self.functions.split_alias(
                one.function_name, one.alias, version=one.stable, candidate=one.version, weight=weight / WHOLE,
                revision_id=self.revisions[one.name],
            ))  # fmt: skip

    def promote(self) -> None:
        """Give the new versions all of the traffic."""
        for each in self.targets:
            self._move(each, each.version)

    def give_back(self) -> tuple[str, ...]:
        """Give the old versions all of the traffic again; what could not be returned, and why. Raises nothing of it.

        Looks first where each alias points now: an answer to an earlier change may have been lost.
        """
        return tuple(trouble for each in self.targets if (trouble := self._returned(each)))

    def _returned(self, each: PublishedFunction) -> str:
        where = f"{each.function_name}:{each.alias}"
        try:
            now = self.functions.alias(each.function_name, each.alias)
            if not {now.version, *now.routing} <= {each.stable, each.version}:
                return f"{where} serves {now.version}, which somebody else has set: left as it is"
            if now.version != each.stable or now.routing:
                self.revisions[each.name] = now.revision_id
                self._move(each, each.stable)
        except DeployError as error:
            return f"{where} could not be returned to version {each.stable}: {error}"
        return ""

    def _move(self, each: PublishedFunction, version: str) -> None:
        self._route(each, lambda one: self.functions.move_alias(
            one.function_name, one.alias, version=version, revision_id=self.revisions[one.name]
        ))  # fmt: skip

    def _route(self, each: PublishedFunction, change: Callable[[PublishedFunction], AliasState]) -> None:
        with held_back():  # an interruption between the change and its new revision would make the next one stale
            self.revisions[each.name] = change(each).revision_id
