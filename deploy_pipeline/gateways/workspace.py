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

    def validation(self, run_id: str) -> Path:
        """Where a run lays out the trees that its checks look at."""
        return self.root / "validation" / run_id

    def discard(self, folder: Path) -> None:
        """Remove what a run leaves behind: a plan holds the values of variables, a tree is large."""
        if folder.is_relative_to(self.root) and folder.exists():
            shutil.rmtree(folder)

    def _made(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
        return folder
