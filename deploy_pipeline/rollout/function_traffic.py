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
    """The aliases, which only this rollout changes: a change by anybody else is refused, never overwritten.

    `theirs` is told what somebody else has set; without it, that is something that could not be returned.
    """

    functions: Functions
    targets: Sequence[PublishedFunction]
    theirs: Callable[[str], None] | None = None
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

    def give_back(self, *, always: bool = False) -> tuple[str, ...]:
        """Give the old versions all of the traffic again; what could not be returned, and why. Raises nothing of it.

        Looks first where each alias points now: an answer to an earlier change may have been lost. `always` writes each
        alias, also one that is right: a change of a run that is taken for dead, still on its way, is refused then.
        """
        return tuple(trouble for each in self.targets if (trouble := self._returned(each, always)))

    def _returned(self, each: PublishedFunction, always: bool) -> str:
        where = f"{each.function_name}:{each.alias}"
        try:
            now = self.functions.alias(each.function_name, each.alias)
            if not {now.version, *now.routing} <= {each.stable, each.version}:
                said = f"{where} serves {now.version}, which somebody else has set: left as it is"
                if self.theirs is None:
                    return said
                self.theirs(said)
            elif always or now.version != each.stable or now.routing:
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
