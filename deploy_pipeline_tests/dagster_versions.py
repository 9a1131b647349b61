"""Runs the executor's tests with the oldest and the newest Dagster that setup.py allows: `make contract`.

Each version is installed beside the environment, without its dependencies, and put before it on the path.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).parents[1]
PACKAGES = ("dagster", "dagster-shared", "dagster-pipes")
TESTS = ("test_executor.py", "test_executor_process.py", "test_step_thread.py")


def supported() -> tuple[str, str]:
    """The requirements of the oldest and of the newest version."""
    found = re.search(r'"dagster>=([\d.]+),(<[\d.]+)"', (PROJECT / "setup.py").read_text())
    if found is None:
        raise SystemExit("setup.py does not say which versions of dagster are supported")
    return f"=={found[1]}", found[2]


def passes(version: str) -> bool:
    """Whether the tests pass with a version, as pip writes it."""
    with tempfile.TemporaryDirectory(prefix="dagster-version-") as folder:
        wanted = [package + version for package in PACKAGES]
        quiet = ("--quiet", "--disable-pip-version-check")
        install = [sys.executable, "-m", "pip", "install", *quiet, "--no-deps", "--target", folder, *wanted]
        subprocess.run(install, check=True)
        environment = {**os.environ, "PYTHONPATH": folder}
        say = "import dagster; print('Dagster', dagster.__version__, 'of', dagster.__file__, flush=True)"
        subprocess.run([sys.executable, "-c", say], env=environment, check=True)
        tests = [str(Path(__file__).parent / name) for name in TESTS]
        argv = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "--no-cov", *tests]
        return subprocess.run(argv, env=environment, cwd=PROJECT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(0 if all([passes(version) for version in supported()]) else 1)
