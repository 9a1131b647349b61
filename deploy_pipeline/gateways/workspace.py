"""The folder on this machine where checkouts, mirrors and Terraform work lie. Paths only; nothing is decided here."""

import shutil
from dataclasses import dataclass
from pathlib import Path

OWNER_ONLY = 0o700


@dataclass(frozen=True)
class Workspace:
    """`root` belongs to the pipeline alone."""

    root: Path

    def terraform(self, run_id: str, stack: str) -> Path:
        """Where a run plans and applies a stack: kept until it is applied, never shared by two runs."""
        return self._made(self.root / "terraform" / run_id / stack)

    def discard(self, folder: Path) -> None:
        """Remove what an applied plan leaves behind: it holds the values of variables."""
        if folder.is_relative_to(self.root):
            shutil.rmtree(folder)

    def _made(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
        return folder
