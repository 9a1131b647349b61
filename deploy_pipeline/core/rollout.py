"""The values of a rollout of functions: what was published, and how its traffic moves."""

from dataclasses import dataclass

from deploy_pipeline.core.candidate import DeployedFunction, Work


@dataclass(frozen=True)
class PublishedFunction:
    """A version that was published and called directly, before any traffic reaches it.

    `stable` is the version that the alias points at, `revision_id` the alias's as it was read. Without `canary` it
    moves once the others have been judged. `serving` is set where the alias serves this code already: nothing moves.
    """

    name: str
    function_name: str
    alias: str
    version: str
    stable: str
    revision_id: str
    code_sha256: str
    canary: bool = True
    work: Work | None = None
    serving: DeployedFunction | None = None

    @property
    def deployed(self) -> DeployedFunction:
        """The function once the alias points at the version alone."""
        return self.serving or DeployedFunction(
            self.name, self.function_name, self.alias, self.version, self.stable, self.code_sha256, self.work
        )
