"""What is validated: a pull request's head against its base. Values only."""

from dataclasses import dataclass
from typing import Literal

from deploy_pipeline.core.spec import Spec

ChangeKind = Literal["added", "modified", "removed"]


@dataclass(frozen=True)
class PullRequest:
    """An open pull request. `head` and `base` are full SHAs; `base` is the head of the branch `base_branch`.

    `labels` are those on it now. `author` is a login.
    """

    number: int
    title: str
    author: str
    url: str
    head: str
    head_branch: str
    base: str
    base_branch: str
    draft: bool = False
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChangedFile:
    """A file that differs between merge base and head. A renamed file is one removed and one added.

    `lines` are the inclusive ranges (first, last) of lines of the head's file that are new or changed; empty for a
    removed or binary file.
    """

    path: str
    kind: ChangeKind
    lines: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Subject:
    """Everything that a check has to know. Travels between ops as JSON.

    `head`, `merge_base` are full SHAs (`merge_base` is where the head left the base branch; "" for a local folder
    without one). `head_tree` and `base_tree` are folders on this machine with the head's files (tool configuration
    replaced by the base branch's) and the merge base's; `base_tree` is "" where there is none. `spec` is the base
    branch's. `authorised` says whether what needs cloud credentials or the network may run for this very head.
    `pull_request` is None for a folder that is validated by hand. `overruled` are the tool configuration files that the
    head changes: the base branch's stand in their place.
    """

    repository: str
    head: str
    merge_base: str
    head_tree: str
    base_tree: str
    spec: Spec
    changes: tuple[ChangedFile, ...]
    authorised: bool
    pull_request: PullRequest | None = None
    overruled: tuple[str, ...] = ()

    @property
    def changed_paths(self) -> tuple[str, ...]:
        """The paths of all changed files."""
        return tuple(change.path for change in self.changes)
