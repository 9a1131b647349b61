"""Shows a bake while it goes on: a line for each look, a table that grows in the run's UI, and pictures in the end."""

import base64
from dataclasses import dataclass, field

import dagster as dg

from deploy_pipeline.core.analysis.picture import picture
from deploy_pipeline.core.analysis.shown import COLUMNS, line, rows, table
from deploy_pipeline.core.asset_keys import rollout_path
from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.rollout.bake import Look
from deploy_pipeline.rollout.ear import Ear, wait_or_hear


@dataclass
class Watch:
    """What the run shows of one bake. Through `ear` it waits for a person."""

    context: dg.OpExecutionContext
    candidate: Candidate
    clock: Clock
    ear: Ear
    looks: list[Look] = field(default_factory=list)

    def look(self, look: Look) -> None:
        """Show one look, now."""
        self.looks.append(look)
        said = line(look.measured, look.elapsed, look.weight, look.step.reason)
        self.context.log.info(said)
        path = rollout_path(self.candidate.spec.environment)
        self.context.log_event(
            dg.AssetObservation(dg.AssetKey(path), metadata={"rollout": self.numbers(look), "now": said})
        )

    def ask(self, reason: str) -> None:
        """Wait for a person. Without a word in time, it is rolled back."""
        minutes, run_id = self.candidate.spec.rollout.analysis.hold_minutes, self.context.run_id
        self.context.log.warning(
            f"A person has to decide within {minutes} min, else it is rolled back: {reason}\n"
            f"deploy-pipeline decide {run_id} promote|roll-back --reason …"
        )
        if wait_or_hear(self.clock, self.ear, minutes * 60) is None:
            self.context.log.info("Nobody has decided, so it is rolled back")

    def metadata(self) -> dict[str, dg.MetadataValue | float | str]:
        """What stays of the bake: its numbers, its pictures, and how long it took, in seconds of the machine."""
        last = next((look for look in reversed(self.looks) if look.measured), None)
        if last is None:
            return {}
        limit = self.candidate.spec.rollout.analysis.max_error_rate
        pictures = [data_uri(picture(name, measured, limit)) for name, measured in last.measured.items()]
        plot = dg.MetadataValue.md("\n\n".join(f"![error rates]({uri})" for uri in pictures))
        return {"rollout": self.numbers(last), "plot": plot, "verdict": self.looks[-1].step.reason}

    def numbers(self, look: Look) -> dg.MetadataValue:
        """Both versions of each target."""
        verdicts = look.step.verdicts
        found = [row for name, one in look.measured.items() for row in rows(name, one, look.weight, verdicts.get(name))]
        return dg.MetadataValue.md(table(COLUMNS, found))


def data_uri(svg: str) -> str:
    """A picture that needs no file."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
