"""Which release serves again after a rollback, and what has to move for it. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from deploy_pipeline.core.candidate import AppliedStack, Candidate, Deployed, DeployedFunction, DeployedService
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.frozen_dict import FrozenDict
from deploy_pipeline.core.release import Release

Part = Literal["functions", "services", "terraform"]
PARTS: tuple[Part, ...] = ("functions", "services", "terraform")
CODE: tuple[Part, ...] = ("functions", "services")
"""What goes back unless somebody says otherwise."""


@dataclass(frozen=True)
class Rollback:
    """From what is live to an earlier release, or to parts of it: `only` these."""

    live: Deployed
    target: Deployed
    only: tuple[Part, ...]
    reason: str = ""

    @property
    def functions(self) -> tuple[tuple[DeployedFunction, DeployedFunction], ...]:
        """Each function that has to move: as it is live, and as it is to be."""
        earlier = {(each.name, each.function_name, each.alias): each for each in self.target.functions}
        same = [(each, (each.name, each.function_name, each.alias)) for each in self.live.functions]
        pairs = [(each, earlier[key]) for each, key in same if key in earlier]
        return tuple(pair for pair in pairs if pair[0].version != pair[1].version) if "functions" in self.only else ()

    @property
    def services(self) -> tuple[tuple[DeployedService, DeployedService], ...]:
        """Each service that has to move: as it is live, and as it is to be."""
        earlier = {each.name: each for each in self.target.services}
        pairs = [(each, earlier[each.name]) for each in self.live.services if each.name in earlier]
        moving = tuple(pair for pair in pairs if pair[0].task_definition != pair[1].task_definition)
        return moving if "services" in self.only else ()

    @property
    def kept(self) -> tuple[str, ...]:
        """What the earlier release did not have: it stays as it is."""
        before = set(names_of(self.target))
        return tuple(name for name in names_of(self.live) if name not in before)

    @property
    def infrastructure(self) -> Candidate:
        """The earlier commit with its stacks that still exist, and what the pipeline moves now.

        Raises DeployError for a stack whose state lies elsewhere by now.
        """
        now, earlier = self.live.candidate.spec, self.target.candidate.spec
        wanted = {name: each for name, each in earlier.terraform.items() if name in now.terraform}
        moved = sorted(name for name, each in wanted.items() if each.backend != now.terraform[name].backend)
        if moved:
            raise DeployError(
                f"the state of {', '.join(moved)} lies elsewhere than for {self.target.release}", where="rollback",
                todo="go back without terraform",
            )  # fmt: skip
        stacks = FrozenDict(wanted if "terraform" in self.only else {})
        return replace(self.target.candidate, spec=now.model_copy(update={"terraform": stacks}))

    def check(self) -> None:
        """Raises DeployError where it would move nothing: that is no rollback, and would end the watch over what is
        live."""
        if not (self.functions or self.services or "terraform" in self.only):
            raise DeployError(
                f"nothing has to move: {self.target.release} is what serves, as far as {', '.join(self.only)} go",
                where="rollback", todo="name another release with `to`, or other parts",
            )  # fmt: skip

    def done(
        self,
        functions: Sequence[DeployedFunction],
        services: Sequence[DeployedService],
        stacks: Sequence[AppliedStack] = (),
    ) -> Deployed:
        """What serves after it, given what was moved. Its commit is the earlier one where all of the code went back.

        What the earlier release did not have stays, with its place in the spec and its image.
        """
        whole = set(CODE) <= set(self.only)
        moved_stacks = {each.name: each for each in stacks}
        moved_functions = {each.name: each for each in functions}
        moved_services = {each.name: each for each in services}
        return replace(
            self._whole() if whole else self.live,
            stacks=tuple(moved_stacks.get(each.name, each) for each in self.live.stacks),
            functions=tuple(moved_functions.get(each.name, each) for each in self.live.functions),
            services=tuple(moved_services.get(each.name, each) for each in self.live.services),
            release="",
        )

    def _whole(self) -> Deployed:
        earlier, now = self.target.candidate.spec, self.live.candidate.spec
        known = {each.name for each in self.target.images}
        images = (*self.target.images, *(each for each in self.live.images if each.name not in known))
        spec = earlier.model_copy(update={
            "services": FrozenDict({**now.services, **earlier.services}),
            "functions": FrozenDict({**now.functions, **earlier.functions}),
        })  # fmt: skip
        return replace(self.target, images=images, candidate=replace(self.target.candidate, spec=spec))


def names_of(deployed: Deployed) -> list[str]:
    """The functions and services of a release."""
    return [*(each.name for each in deployed.functions), *(each.name for each in deployed.services)]


def previous(live: Release, find: Callable[[str], Release | None]) -> str:
    """The release before the live one: before the one that it restores, where it is a rollback itself.

    Where only a part went back, the same release again: for the other parts. "" where there is none.
    """
    if live.restores and live.parts and not set(CODE) <= set(live.parts):
        return live.restores
    restored = find(live.restores) if live.restores else live
    return restored.replaced if restored else ""


def parts_since(only: Sequence[Part], live: Release | None, restores: str) -> tuple[Part, ...]:
    """The parts of the release `restores` that serve again once these went back, too."""
    before = live.parts if live and live.restores == restores else ()
    return tuple(part for part in PARTS if part in only or part in before)


def parts_of(names: Sequence[str]) -> tuple[Part, ...]:
    """The parts that a person has named; functions and services where none is.

    Raises DeployError for an unknown one.
    """
    wanted = [part.strip() for name in names for part in name.split(",") if part.strip()]
    unknown = sorted(set(wanted) - set(PARTS))
    if unknown:
        raise DeployError(
            f"there is no part {', '.join(unknown)}", where="rollback", todo=f"one or more of: {', '.join(PARTS)}"
        )
    return tuple(part for part in PARTS if part in wanted) or CODE
