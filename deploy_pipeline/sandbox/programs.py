"""Running programs that have to succeed, and finding them on PATH."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed, Process, last_lines

Find = Callable[[str], Path | None]


def find_on_path(program: str) -> Path | None:
    """Where a program is on PATH."""
    found = shutil.which(program)
    return Path(found) if found else None


def must_run(
    process: Process,
    argv: Sequence[str],
    *,
    timeout: float,
    todo: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Completed:
    """Run a program to its end; a `DeployError` with the end of its output when its return code is not 0."""
    completed = process.run(argv, cwd=cwd, env=env, timeout=timeout)
    if completed.returncode != 0:
        said = last_lines(completed.stderr) or last_lines(completed.stdout)
        what = f"return code {completed.returncode}\n{said}"
        raise DeployError(what, where=" ".join(map(str, argv[:3])), todo=todo)
    return completed
