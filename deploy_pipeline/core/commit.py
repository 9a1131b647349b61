"""A commit of the deployed branch, as people know it."""

from dataclasses import dataclass
from datetime import datetime

GITHUB_MERGE = "Merge pull request #"


@dataclass(frozen=True)
class Commit:
    """A commit on the deployed branch. `committed_at` is aware UTC; `url` is for people."""

    sha: str
    message: str
    author: str
    committed_at: datetime
    url: str
    pull_request: int | None = None

    @property
    def title(self) -> str:
        """What was changed, in one line: of GitHub's merge commits the pull request's title, which is their body."""
        lines = [line.strip() for line in self.message.splitlines() if line.strip()] or [""]
        return lines[1] if lines[0].startswith(GITHUB_MERGE) and len(lines) > 1 else lines[0]

    @property
    def short(self) -> str:
        """The first 12 hexadecimal digits of the SHA."""
        return self.sha[:12]
