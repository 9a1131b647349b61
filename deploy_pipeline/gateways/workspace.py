"""The folder on this machine where checkouts, mirrors and Terraform work lie. Paths only; nothing is decided here."""

from dataclasses import dataclass
from pathlib import Path

OWNER_ONLY = 0o700


@dataclass(frozen=True)
class Workspace:
    """`root` belongs to the pipeline alone."""

    root: Path

    def terraform(self, run_id: str, stack: str) -> Path:
        """Where a run plans and applies a stack: kept until the run's folder is removed, never shared by two runs."""
        return self._made(self.root / "terraform" / run_id / stack)

    def _made(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
        return folder
