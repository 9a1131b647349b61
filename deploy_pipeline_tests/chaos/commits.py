"""The application's repository, and what a merge changes in it."""

import re
import shutil
from pathlib import Path

from deploy_pipeline_tests.chaos.account import FUNCTIONS, HANDLER

APPLICATION = Path(__file__).parent / "application"
PROJECT = Path(__file__).parents[2]
REPOSITORY, BRANCH = "acme/chaos", "main"
AUTHOR = "Ada Lovelace <ada@example.com>"


def write_application(folder: Path) -> None:
    """The application's repository, with the settings of this project's Dagster, which looks for dead workers often."""
    shutil.copytree(APPLICATION, folder, dirs_exist_ok=True)
    shutil.copy(PROJECT / "workspace.yaml", folder)
    settings = (PROJECT / "dagster.yaml").read_text()
    (folder / "dagster.yaml").write_text(re.sub(r"poll_interval_seconds: \d+", "poll_interval_seconds: 1", settings))
    for path, content in changes("first", everything=True).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content or b"")


def changes(note: str, *, everything: bool) -> dict[str, bytes | None]:
    """The files of a commit: both functions, and with `everything` the image, and so the stack and the service."""
    files: dict[str, bytes | None] = {
        f"functions/{name}/handler.py": HANDLER.format(note=note).encode() for name in FUNCTIONS
    }
    return files | ({"web/RELEASE": note.encode()} if everything else {})
