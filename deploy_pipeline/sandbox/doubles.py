"""`python -m deploy_pipeline.sandbox.doubles`: the doubles of GitHub, Slack and OSV on one port of 127.0.0.1."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from socket import socket

import click
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from deploy_pipeline.sandbox.advisories import published_advisories
from deploy_pipeline.sandbox.advisory_service import ADVISORY_PATH, AdvisoryService, advisory_routes
from deploy_pipeline.sandbox.github_double.app import (
    DEFAULT_LOGIN,
    DEFAULT_TOKEN,
    github_routes,
    open_services,
    utc_now,
)
from deploy_pipeline.sandbox.github_double.gate import Gate
from deploy_pipeline.sandbox.loopback import LoopbackOnly
from deploy_pipeline.sandbox.slack_messages import SlackMessages
from deploy_pipeline.sandbox.slack_sink import DEFAULT_SLACK_TOKEN, SlackSink, slack_routes

_HOST = "127.0.0.1"
_GRACE_SECONDS = 5


def build_app(
    state: Path,
    *,
    github_token: str = DEFAULT_TOKEN,
    slack_token: str = DEFAULT_SLACK_TOKEN,
    clock: Callable[[], datetime] = utc_now,
) -> Starlette:
    """The application over a state folder, which is made when it is missing and closed when the server stops."""
    services = open_services(state, {github_token: DEFAULT_LOGIN}, clock)
    sink = SlackSink(SlackMessages(state / "slack.jsonl", clock), slack_token)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        services.store.close()

    advisories = advisory_routes(AdvisoryService(published_advisories()))
    routes = [*github_routes(Gate(services)), *slack_routes(sink), *advisories]
    loopback = Middleware(LoopbackOnly, public=(f"{ADVISORY_PATH}/",))
    return Starlette(routes=routes, middleware=[loopback], lifespan=lifespan)


class DoublesServer(uvicorn.Server):
    """A server on loopback that tells the port once it listens; `port` 0 takes a free one."""

    def __init__(self, app: Starlette, port: int, on_listening: Callable[[int], None]) -> None:
        config = uvicorn.Config(
            app,
            host=_HOST,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=_GRACE_SECONDS,
            server_header=False,
            date_header=False,  # the GitHub double sends the time of its own clock
        )
        super().__init__(config)
        self._on_listening = on_listening

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to listen, then report the port."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_listening(self.servers[0].sockets[0].getsockname()[1])


def write_port(path: Path, port: int) -> None:
    """Write the port so that nobody ever reads half of it."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(f"{port}\n", encoding="ascii")
    scratch.replace(path)


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0 takes a free port.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder of all state.")
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Gets the port once it listens.")
@click.option("--github-token", default=DEFAULT_TOKEN, show_default=True, help="The token that the double accepts.")
@click.option("--slack-token", default=DEFAULT_SLACK_TOKEN, show_default=True, help="The token that the sink accepts.")
def main(port: int, state: Path, port_file: Path | None, github_token: str, slack_token: str) -> None:
    """Serve until SIGTERM or SIGINT."""

    def announce(chosen: int) -> None:
        if port_file:
            write_port(port_file, chosen)
        site = f"http://{_HOST}:{chosen}"
        click.echo(f"{site}/github/  {site}/slack/  {site}{ADVISORY_PATH}/v1/query")

    # uvicorn raises the signal again after its own clean stop; this makes that a normal exit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    server = DoublesServer(build_app(state, github_token=github_token, slack_token=slack_token), port, announce)
    try:
        server.run()
    finally:
        if port_file:
            port_file.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
