"""What the tests of the Docker gateway share: a build context, a login, and short ways to build."""

from collections.abc import Callable
from pathlib import Path

from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine, RegistryLogin
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.gateways.docker_api import Answer

DIGEST = "sha256:" + "a" * 64
LOGIN = RegistryLogin("registry.example.com", "AWS", "s3cret")
REFERENCE = "registry.example.com/acme/app:1"
PUSHED: Answer = (
    200,
    [{"status": "Pushing", "id": "x", "progress": "[=>]"}, {"aux": {"Tag": "1", "Digest": DIGEST, "Size": 1}}],
)


def engine(host: str, clock: Clock | None = None) -> LocalDockerEngine:
    return LocalDockerEngine(DockerSettings(host=host), clock or FakeClock())


def build(
    target: LocalDockerEngine,
    context: Path,
    *,
    dockerfile: str = "Dockerfile",
    tag: str = "app:1",
    on_line: Callable[[str], None] = lambda line: None,
    timeout: float = 60,
    build_args: dict[str, str] | None = None,
) -> str:
    return target.build(
        context=context, dockerfile=dockerfile, tag=tag, build_args=build_args or {}, labels={"made-by": "test"},
        on_line=on_line, timeout=timeout,
    )  # fmt: skip


def write_context(folder: Path) -> Path:
    """A small build context, whose image holds its own files."""
    folder.mkdir()
    (folder / "Dockerfile").write_text("ARG WHO=x\nFROM scratch\nARG WHO\nLABEL who=$WHO\nCOPY . /app/\n")
    (folder / "main.py").write_text("print(1)\n")
    return folder
