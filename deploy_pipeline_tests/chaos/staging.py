"""Sets the scene: the sandbox, its account, the service behind the proxies, and a first release that is live."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline_tests.chaos.account import prepare_account
from deploy_pipeline_tests.chaos.clock import worker_clock
from deploy_pipeline_tests.chaos.commits import write_application
from deploy_pipeline_tests.chaos.engine import EngineProxy
from deploy_pipeline_tests.chaos.proxy import Proxy
from deploy_pipeline_tests.chaos.scene import LEASE_SECONDS, Machine, Scene, started
from deploy_pipeline_tests.chaos.storage import mounted


@contextmanager
def scene_in(folder: Path) -> Iterator[Scene]:
    """The scene with its first release live; taken down in the end."""
    home, project = folder / "sandbox", folder / "project"
    write_application(project)
    with ExitStack() as stack:
        state = sandbox.up(home, project, print)
        stack.callback(sandbox.down, home, print)
        before = dict(os.environ)
        stack.callback(restore, before)
        os.environ.update(state.env)
        prepare_account()
        machine = stack.enter_context(machine_in(home, state.env["AWS_ENDPOINT_URL"]))
        scene = scene_of(home, project, environment(state.env, machine, project), machine)
        stack.callback(scene.end)
        run_id = scene.run_of(scene.merge(everything=True))
        if scene.ended(run_id) != "SUCCESS":
            raise DeployError(str(scene.api.events(run_id, None)[0][-5:]), where="the first release")
        yield scene


@contextmanager
def machine_in(home: Path, aws: str) -> Iterator[Machine]:
    """What the service works with, each so that it can be broken."""
    proxy = Proxy(aws)
    engine = EngineProxy(home, proxy.traps)
    try:
        with mounted([home / "dagster", Layout(home).work]) as small_disks:
            yield Machine(proxy, engine, worker_clock(home), small_disks)
    finally:
        engine.close()
        proxy.shutdown()


def environment(env: dict[str, str], machine: Machine, project: Path) -> dict[str, str]:
    """What the service sees: the sandbox, through what stands in between."""
    return {
        **env, "AWS_ENDPOINT_URL": machine.proxy.url, "DOCKER_HOST": machine.engine.url,
        "DEPLOY_PIPELINE_SPEC": str(project / "deploy.yaml"), "DEPLOY_PIPELINE_LEASE_SECONDS": str(LEASE_SECONDS),
        **(machine.clock.env if machine.clock else {}),
    }  # fmt: skip


def scene_of(home: Path, project: Path, env: dict[str, str], machine: Machine) -> Scene:
    """The scene, with the service running."""
    gateways = gateways_of({**os.environ, "DEPLOY_PIPELINE_SPEC": env["DEPLOY_PIPELINE_SPEC"]})
    ledger = Ledger.of(gateways.object_store(), gateways.home_spec())
    return Scene(home, project, env, started(project, home, env), machine, gateways, ledger)


def restore(environment: dict[str, str]) -> None:
    """Our own environment as it was."""
    os.environ.clear()
    os.environ.update(environment)
