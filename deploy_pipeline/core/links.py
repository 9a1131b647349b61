"""Addresses for people: where a run, a commit or a report can be looked at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Links:
    """`ui_url` is the address of the Dagster UI, without a slash at its end."""

    ui_url: str

    def run(self, run_id: str) -> str:
        """The page of a run."""
        return f"{self.ui_url.rstrip('/')}/runs/{run_id}"
