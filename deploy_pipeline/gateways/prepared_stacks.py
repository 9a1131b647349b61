"""What `terraform init` made of a stack, kept for the next deployment of the same files: making it takes seconds."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.terraform_files import OWNER_ONLY_FOLDER

MADE = ".terraform"
MOST_BYTES = 1_000_000
"""Providers are links to a mirror or a cache; where Terraform had to copy them, a second copy saves nothing."""
KEPT = 10


@dataclass(frozen=True)
class PreparedStacks:
    """Kept below `folder`, which may be missing, by a key that says all that init looks at."""

    folder: Path

    def restore(self, key: str, stack: Path) -> bool:
        """Put what init made for this key into `stack`. False where that is not kept, or a provider of it is gone."""
        kept = self.folder / key
        if not key or not kept.is_dir():
            return False
        if not all(entry.exists() for entry in kept.rglob("*") if entry.is_symlink()):
            shutil.rmtree(kept)  # init makes it anew, and that is kept
            return False
        shutil.copytree(kept, stack / MADE, symlinks=True)
        return True

    def keep(self, key: str, stack: Path) -> None:
        """Keep what init has made in `stack`, and forget the oldest of what was kept."""
        made, kept = stack / MADE, self.folder / key
        if not key or kept.is_dir() or size(made) > MOST_BYTES:
            return
        self.folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        with TemporaryFolder(dir=self.folder, prefix="new-") as new:
            shutil.copytree(made, Path(new) / MADE, symlinks=True)
            try:
                (Path(new) / MADE).rename(kept)
            except OSError:
                if not kept.is_dir():  # else another run was faster: the same key, the same files
                    raise
        self._forget_oldest()

    def _forget_oldest(self) -> None:
        entries = [entry for entry in self.folder.iterdir() if not entry.name.startswith("new-")]
        for entry in sorted(entries, key=lambda each: each.stat().st_mtime, reverse=True)[KEPT:]:
            shutil.rmtree(entry, ignore_errors=True)


def size(folder: Path) -> int:
    """The bytes of the files below a folder; links count nothing."""
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file() and not entry.is_symlink())
