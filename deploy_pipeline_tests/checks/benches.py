"""A bench over fakes, and subjects over folders, for the tests of checks."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from deploy_pipeline.checks.bench import Bench, CheckSettings, Listener
from deploy_pipeline.core.checks.subject import ChangedFile, PullRequest, Subject
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.isolation import Isolation
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.plan_access import PlanAccess
from deploy_pipeline.gateways.web import Web
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_process import FakeProcess
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import a_spec

PREPARED = Prepared("tools", "environment")
HEAD, BASE = "1" * 40, "2" * 40
PULL_REQUEST = PullRequest(
    number=7,
    title="Add a model",
    author="ada",
    url="https://github.test/acme/engagement-ml/pull/7",
    head=HEAD,
    head_branch="add-model",
    base=BASE,
    base_branch="main",
)


class NoPlanAccess(PlanAccess):
    """For checks that plan nothing."""

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        raise AssertionError("this check has no business with credentials")

    def emulator(self) -> str | None:
        raise AssertionError("this check has no business with AWS")


def quiet(line: str) -> None:
    """Takes a tool's output."""


def a_bench(
    isolation: Isolation,
    *,
    prepared: Prepared = PREPARED,
    object_store: ObjectStore | None = None,
    web: Web | None = None,
    clock: Clock | None = None,
    on_line: Listener = quiet,
    **settings: Any,
) -> Bench:
    """Everything but the boxes is a fake; `settings` are those of `CheckSettings`."""
    clock = clock or FakeClock()
    return Bench(
        settings=CheckSettings(programs={}, **settings),
        isolation=isolation,
        prepared=prepared,
        workspace=Workspace(Path("/nowhere")),
        docker_engine=FakeDockerEngine(),
        object_store=object_store or FakeObjectStore(),
        plan_access=NoPlanAccess(),
        process=FakeProcess(),
        web=web or FakeWeb(),
        clock=clock,
        on_line=on_line,
    )


def a_subject(head: Path, base: Path | None = None, changed: str = "app.py", **validation: Any) -> Subject:
    """A pull request that changes one file; `validation` is that part of the spec."""
    return Subject(
        repository="acme/engagement-ml",
        head=HEAD,
        merge_base=BASE if base else "",
        head_tree=str(head),
        base_tree=str(base) if base else "",
        spec=a_spec(validation=validation),
        changes=(ChangedFile(changed, "modified"),),
        authorised=False,
        pull_request=PULL_REQUEST,
    )


def a_tree(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with these files (path -> text)."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    folder.mkdir(parents=True, exist_ok=True)
    # pytest keeps its folders to its user, and a box's user is another one.
    folder.chmod(0o755)
    return folder


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A small HTTP server on a free loopback port for the length of the block; its URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
