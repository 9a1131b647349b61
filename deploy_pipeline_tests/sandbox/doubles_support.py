"""Running the doubles in this process for tests: the real server on a free port, and the real clients."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
from githubkit import GitHub, TokenAuthStrategy

from deploy_pipeline.sandbox.doubles import DoublesServer, build_app
from deploy_pipeline.sandbox.github_double.app import DEFAULT_TOKEN
from deploy_pipeline.sandbox.github_double.seed import commit_on_branch, create_repository

OWNER, NAME = "acme", "shop"
FULL_NAME = f"{OWNER}/{NAME}"
AUTHOR = "Ada <ada@users.noreply.github.com>"
START_SECONDS = 20


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: datetime = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class Doubles:
    """A running server with one repository in it; `sha` is the repository's first commit."""

    site: str
    state: Path
    clock: Clock
    sha: str = ""

    @property
    def api(self) -> str:
        return f"{self.site}/github/api/v3/"

    @property
    def bare(self) -> Path:
        return self.state / "repos" / OWNER / f"{NAME}.git"

    @cached_property
    def github(self) -> GitHub[TokenAuthStrategy]:
        """The client that the pipeline uses, without its own retries. Kept: its namespaces hold it weakly only."""
        return GitHub(TokenAuthStrategy(DEFAULT_TOKEN), base_url=self.api, auto_retry=False)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        """A plain authenticated request to the REST API."""
        headers = {"authorization": f"Bearer {DEFAULT_TOKEN}", **(options.pop("headers", None) or {})}
        return httpx.request(method, self.api + path, headers=headers, **options)

    def control(self, name: str, **order: object) -> None:
        httpx.post(f"{self.site}/github/_control/{name}", json=order).raise_for_status()

    def commit(self, branch: str, changes: dict[str, bytes | None], message: str = "Change", base: str = "main") -> str:
        return commit_on_branch(self.bare, branch, base, changes, message, AUTHOR, at=self.clock())


@contextmanager
def serving(state: Path, clock: Clock) -> Iterator[str]:
    """Run the server in a thread; its address."""
    listening, port = threading.Event(), [0]

    def announce(chosen: int) -> None:
        port[0] = chosen
        listening.set()

    server = DoublesServer(build_app(state, clock=clock), 0, announce)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert listening.wait(START_SECONDS)
        yield f"http://127.0.0.1:{port[0]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def seeded(state: Path, source: Path, clock: Clock) -> str:
    """The repository of the tests: three files on main; its first commit."""
    (source / "src").mkdir(parents=True)
    (source / "README.md").write_text("# Shop\n")
    (source / "src" / "app.py").write_text("print('one')\n")
    (source / "run.sh").write_text("#!/bin/sh\n")
    (source / "run.sh").chmod(0o755)
    return create_repository(state, FULL_NAME, source, at=clock())


@contextmanager
def running(folder: Path) -> Iterator[Doubles]:
    """A running server over a seeded state."""
    clock, state = Clock(), folder / "state"
    sha = seeded(state, folder / "source", clock)
    with serving(state, clock) as site:
        yield Doubles(site, state, clock, sha)
