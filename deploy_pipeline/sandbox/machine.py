"""What the sandbox needs from this machine, found or installed: engine, Terraform, provider, Trivy, toolbox."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.base_image import ensure_base_images
from deploy_pipeline.sandbox.engine import Engine, ensure_engine
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.programs import Find, find_on_path
from deploy_pipeline.sandbox.progress import Progress
from deploy_pipeline.sandbox.provider_mirror import choose_mirror, mirror_candidates, registry_answers
from deploy_pipeline.sandbox.state import write_state
from deploy_pipeline.sandbox.terraform_binary import Terraform, ensure_terraform
from deploy_pipeline.sandbox.toolbox import cache_folder, ensure_installed, toolbox_tools


@dataclass(frozen=True)
class Machine:
    """Everything is there. `mirror` is None where Terraform asks the registry itself."""

    engine: Engine
    terraform: Terraform
    mirror: Path | None
    trivy: Path
    toolbox: Path


@dataclass(frozen=True)
class Surroundings:
    """The outside world of `up` and `down`, in one value. `environment` is a copy of this process's."""

    process: Process
    clock: Clock
    environment: Mapping[str, str]
    progress: Progress
    find: Find = find_on_path
    registry_answers: Callable[[], bool] = field(default=registry_answers)


def prepare_machine(around: Surroundings, layout: Layout, base_images: Iterable[str]) -> Machine:
    """Have everything on the machine that a sandbox needs, base images included. Takes minutes the first time."""
    machine = ensure_machine(around, layout)
    client = machine.engine.client
    ensure_base_images(base_images, client, around.process, around.find, around.environment, around.progress)
    return machine


def ensure_machine(around: Surroundings, layout: Layout) -> Machine:
    """Find or install what is missing, cheapest check first; a `DeployError` says what cannot be had."""
    if not around.find("git"):
        raise DeployError("git is missing", where="sandbox", todo="install git (Debian: apt-get install git)")
    mirror = choose_mirror(mirror_candidates(around.environment), around.registry_answers)
    log = layout.log("dockerd")
    engine = ensure_engine(around.find, around.process, around.clock, around.environment, log, around.progress)
    if engine.daemon:
        write_state(layout.daemon_file, engine.daemon)
    install = (around.process, around.environment, around.progress)
    terraform = ensure_terraform(around.find, *install)
    toolbox = ensure_installed(toolbox_tools(), cache_folder(around.environment), *install)
    return Machine(engine, terraform, mirror, around.find("trivy") or toolbox / "bin" / "trivy", toolbox)
