"""Deploys by hand: runs `by_hand_deploy/deploy_main.sh` against a sandbox and reads how long its stages took."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.engine_commands import installed
from deploy_pipeline.composition import gateways_of
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.terraform_cli import ENDPOINT_OVERRIDE, mirror_config
from deploy_pipeline.sandbox.github_double.repositories import repository_path
from deploy_pipeline.sandbox.layout import Layout

SCRIPT = Path(__file__).parent / "by_hand_deploy" / "deploy_main.sh"
SHOWN = 3000
SECONDS = 1800.0
STARTS = 5
MICROSECONDS = 1e6


@dataclass(frozen=True)
class HandDeployment:
    """`stages` is stage -> seconds; `calls` is how often the AWS command line interface was started."""

    seconds: float
    stages: Mapping[str, float]
    calls: int


@dataclass(frozen=True)
class Hand:
    """Someone with the script, a folder `work` that keeps the script's caches, and the sandbox in `home`."""

    home: Path
    work: Path
    environment: Mapping[str, str]

    def deploy(self, sha: str) -> HandDeployment:
        """Deploy a commit. Raises DeployError when a command fails."""
        times, calls = self.work / "times", self.work / "calls"
        for file in (times, calls):
            file.unlink(missing_ok=True)
        environment = {**self.environment, "SHA": sha, "TIMES": str(times), "CALLS": str(calls)}
        start = perf_counter()
        done = subprocess.run(
            ["bash", str(SCRIPT)], env=environment, cwd=self.work, capture_output=True, text=True, check=False,
            timeout=SECONDS,
        )  # fmt: skip
        seconds = perf_counter() - start
        stages = {name: int(value) / MICROSECONDS for name, value in map(str.split, times.read_text().splitlines())}
        if done.returncode:
            after = list(stages)[-1:] or "the start"
            raise DeployError((done.stdout + done.stderr)[-SHOWN:], where=f"{SCRIPT.name} after {after}")
        return HandDeployment(seconds, stages, len(calls.read_text().splitlines()))


def hand_of(home: Path, work: Path) -> Hand:
    """Someone who deploys from `work` into the sandbox in `home`, with the sandbox's own tools."""
    work.mkdir(parents=True, exist_ok=True)
    given = dict(os.environ)
    spec = gateways_of(given).home_spec()
    image = next(iter(spec.images.values()))
    uri = gateways_of(given).ecr().repository_uri(image.repository)
    override, settings = work / "override.tf", work / "terraformrc"
    override.write_text(ENDPOINT_OVERRIDE)
    own = {
        "WORK": str(work),
        "SOURCE": str(repository_path(Layout(home.resolve()).doubles, spec.repository.name)),
        "REGISTRY": uri.partition("/")[0],
        "BASE_IMAGE": image.build_args["BASE_IMAGE"],
        "AWS": str(command_line_interface()),
        "TRIVY": given["DEPLOY_PIPELINE_TRIVY"],
        "TRIVY_CACHE": trivy_cache(Path(given["DEPLOY_PIPELINE_TRIVY_CACHE"]), work / "trivy-cache"),
        "TERRAFORM": given["DEPLOY_PIPELINE_TERRAFORM"],
        "TERRAFORM_OVERRIDE": str(override),
        "ARTIFACTS": spec.aws.artifact_bucket,
        "STATE": spec.terraform["main"].backend.bucket,
        "SLACK_API": given["SLACK_API_URL"],
        "DOCKER_CONFIG": str(work / "docker"),
        "HOME": str(work),
    }
    if mirror := given.get("DEPLOY_PIPELINE_TERRAFORM_MIRROR"):
        settings.write_text(mirror_config(mirror, ["registry.terraform.io/hashicorp/aws"]))
        own["TF_CLI_CONFIG_FILE"] = str(settings)
    return Hand(home, work, {**given, **own})


def trivy_cache(whole: Path, own: Path) -> str:
    """A cache folder that has the same database, and no results yet."""
    (own / "db").mkdir(parents=True, exist_ok=True)
    for file in (whole / "db").iterdir():
        (own / "db" / file.name).write_bytes(file.read_bytes())
    return str(own)


def command_line_interface() -> Path:
    """The AWS command line interface, in an environment of its own."""
    return installed("awscli").parent / "aws"


def start_seconds() -> float:
    """What one start of the command line interface costs before it does anything: the median of some."""
    found = []
    for _ in range(STARTS):
        start = perf_counter()
        subprocess.run([str(command_line_interface()), "--version"], capture_output=True, check=True)
        found.append(perf_counter() - start)
    return median(found)
