"""What the code location must not load before it is used: it is loaded by every process that starts cold."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = ("boto3", "botocore", "githubkit", "slack_sdk", "grpc", "scipy", "numpy", "pandas", "starlette")
LIST = "import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"


def loaded(module: str) -> set[str]:
    """The packages that a fresh Python has loaded after an import."""
    env = {**os.environ, "DEPLOY_PIPELINE_SPEC": str(ROOT / "deploy.yaml"), "COVERAGE_PROCESS_START": ""}
    argv = [sys.executable, "-c", LIST.format(module=module)]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["definitions", "launcher", "run_queue"])
def test_nothing_heavy_is_loaded(module: str) -> None:
    assert loaded(f"deploy_pipeline.{module}") & set(HEAVY) == set()
