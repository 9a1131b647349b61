"""What people hear of it: messages in Slack, each once, and a status on each commit that says what is true."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

import httpx

from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.cli.pull_request import Developer
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.ops.announce import STATUS_CONTEXT
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline_tests.chaos.commits import REPOSITORY
from deploy_pipeline_tests.chaos.scene import Scene, quiet

SHOWN_SECONDS = 60.0


def doubled(scene: Scene) -> Iterator[str]:
    """Messages that people have had twice since the beginning: each names its run."""
    url = scene.env["SLACK_API_URL"].removesuffix("api/") + "messages"
    messages = httpx.get(url, timeout=10).raise_for_status().json()
    said = Counter(json.dumps([each.get("text"), each.get("blocks")]) for each in messages)
    yield from (f"people were told {times} times: {text[:200]}" for text, times in said.items() if times > 1)


def state_of(scene: Scene, sha: str) -> str:
    """The newest status of a commit."""
    repository = repository_path(Layout(scene.home).doubles, REPOSITORY)
    developer = Developer(scene.env["GITHUB_API_URL"], scene.env["GITHUB_TOKEN"], REPOSITORY, repository)
    found = [each["state"] for each in developer.statuses(sha) if each["context"] == STATUS_CONTEXT]
    return str(found[0]) if found else "none"


def untrue(scene: Scene, shas: Sequence[str]) -> list[str]:
    """Commits of which GitHub does not show whether they serve: each one contains those before it."""
    live = scene.ledger.live()
    order = {sha: number for number, sha in enumerate(scene.shas)}
    newest = order.get(live.candidate.commit.sha, -1) if live else -1
    found = []
    for sha in shas:
        state, serves = state_of(scene, sha), order[sha] <= newest
        if state not in ({"success"} if serves else {"failure", "error"}):
            found.append(f"GitHub shows {state} on {sha[:12]}, which {'serves' if serves else 'does not serve'}")
    return found


def shown(scene: Scene, shas: Sequence[str]) -> list[str]:
    """What GitHub still does not show after a while."""
    try:
        wait_for(lambda: quiet(lambda: None if untrue(scene, shas) else True), SHOWN_SECONDS, "GitHub has not heard")
    except DeployError:
        return untrue(scene, shas)
    return []
