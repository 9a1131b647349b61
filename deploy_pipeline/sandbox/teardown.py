"""Taking a sandbox down: its processes, its containers, and on request all that it left on the machine."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import docker

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.box_leftovers import remove_leftovers
from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.docker_engine import DEFAULT_HOST
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.sandbox.base_image import stand_ins
from deploy_pipeline.sandbox.containers import remove_own_containers, remove_pushed_images
from deploy_pipeline.sandbox.engine import connect
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.machine import Surroundings
from deploy_pipeline.sandbox.processes import ProcessRecord, in_session_of, is_running, marked, stop
from deploy_pipeline.sandbox.state import SandboxState, read_state

LOCK_SECONDS = 900


def take_down(home: Path, around: Surroundings, *, purge: bool = False) -> None:
    """Stop what was started for the sandbox in `home`, and remove its containers.

    With `purge` also the images that it pushed, the stand-ins for base images, the engine if it was started here and
    nobody else uses it, and the folder itself. Works without a record too, and on a sandbox that is already down.
    """
    layout = Layout(home.resolve())
    if not layout.home.is_dir():
        around.progress(f"There is no sandbox in {layout.home}")
        return
    with file_lock(layout.lock, around.clock, LOCK_SECONDS):
        state = _readable_state(layout, around)
        stop_everything(layout, state, around)
        if purge:
            _purge(layout, state, around)
        else:
            layout.state_file.unlink(missing_ok=True)
    if purge:
        shutil.rmtree(layout.home)
        around.progress(f"Removed {layout.home}")


def stop_everything(layout: Layout, state: SandboxState | None, around: Surroundings) -> None:
    """Stop the sandbox's processes and their children, then remove its containers. The engine keeps running."""
    stop_servers(layout, state, (), around)
    client = _engine(around)
    if client is None:
        return
    if removed := remove_own_containers(client, layout):
        around.progress(f"Removed {removed} containers")
    if removed := remove_dead_boxes(client, layout, around):
        around.progress(f"Removed {removed} containers and networks of validations that were cut short")


def stop_servers(
    layout: Layout, state: SandboxState | None, kept: Sequence[ProcessRecord], around: Surroundings
) -> None:
    """Stop all processes of the sandbox but the servers in `kept` and their children."""
    recorded = [record for record in (state.processes.values() if state else ()) if is_running(record)]
    servers = [record for record in recorded if record not in kept]
    if servers:
        around.progress(f"Stopping {len(servers)} servers")
        stop(servers, around.clock)
    # The children of a server end with it; who is left now has lost its parent, or was never recorded.
    stop([record for record in marked(layout.marker) if not in_session_of(record, kept)], around.clock)


def remove_dead_boxes(client: docker.DockerClient, layout: Layout, around: Surroundings) -> int:
    """Remove what pipelines that were killed left of validations; how much. Boxes of a living pipeline stay."""
    if not layout.box_owners.is_dir():
        return 0
    with translated("leftovers of validations", around.environment.get("DOCKER_HOST") or DEFAULT_HOST):
        return remove_leftovers(client.api, BoxOwner(layout.box_owners, around.clock))


def _readable_state(layout: Layout, around: Surroundings) -> SandboxState | None:
    try:
        return read_state(layout.state_file)
    except DeployError as error:
        around.progress(f"{error.where} {error.what}: looking for the sandbox's processes without it")
        return None


def _engine(around: Surroundings) -> docker.DockerClient | None:
    try:
        return connect(around.environment)
    except DeployError as error:
        around.progress(f"Containers are not looked for: {error.what}")
        return None


def _purge(layout: Layout, state: SandboxState | None, around: Surroundings) -> None:
    client = _engine(around)
    if client:
        ports = {layout.preferred_port, *(state.ports.values() if state else ())}
        removed = remove_pushed_images(client, ports)
        around.progress(f"Removed {removed} names of images in the sandbox's registry")
        for name in stand_ins(client):
            client.images.remove(name)  # of an image that others were built from, only the name goes
            around.progress(f"Removed the stand-in for {name}")
    if layout.daemon_file.exists():
        _stop_daemon(ProcessRecord.model_validate_json(layout.daemon_file.read_bytes()), client, around)


def _stop_daemon(daemon: ProcessRecord, client: docker.DockerClient | None, around: Surroundings) -> None:
    if not is_running(daemon):
        return
    others = client.containers.list() if client else []
    if others:
        around.progress(f"The Docker engine (pid {daemon.pid}) keeps running: {len(others)} other containers use it")
        return
    around.progress(f"Stopping the Docker engine that was started here (pid {daemon.pid})")
    stop([daemon], around.clock)
