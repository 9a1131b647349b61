"""Slack that keeps what it is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.slack import Slack


@dataclass(frozen=True)
class Post:
    """A recorded message."""

    channel: str
    text: str
    blocks: tuple[dict[str, Any], ...]


class FakeSlack(Slack):
    """Raises `outage` instead where that is set."""

    def __init__(self, outage: DeployError | None = None) -> None:
        self._outage = outage
        self.posts: list[Post] = []

    def post(self, channel: str, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        if self._outage:
            raise self._outage
        self.posts.append(Post(channel, text, tuple(blocks)))
        return f"1700000000.{len(self.posts):06d}"
