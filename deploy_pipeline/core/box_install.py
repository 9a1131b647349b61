"""How the Python environment of a repository is filled: command lines, the environment's name, what a failure means.

Only wheels are installed, which is unpacking files: no code of a package runs, neither here nor by the byte compiler.
"""

import hashlib
import json
import re
from collections.abc import Mapping

from deploy_pipeline.core.box_container import ENVIRONMENT_FOLDER, PLACES
from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.tool_image import UV_PROGRAM

CACHE = f"{ENVIRONMENT_FOLDER}/.cache"
LARGEST_MB = 10 * 1024
TOO_LARGE = 97
WHERE = "environment of the checks"
SHOWN = 2000
UNSOLVABLE = "No solution found"
NO_INDEX = re.compile(
    r"error sending request|client error \(connect|tunnel|dns error|timed out|connection (refused|reset|closed)"
    r"|status server error|error decoding response body|request failed after",
    re.I,
)
# Ends the installer when the environment grows too large: the engine cannot limit a volume.
GUARD = """
import os, subprocess, sys
folder, most, argv = sys.argv[1], int(sys.argv[2]) * 2**20, sys.argv[3:]
def size():
    total = 0
    for at, folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(at, name)).st_blocks * 512
            except OSError:
                pass
    return total
process = subprocess.Popen(argv)
while True:
    try:
        sys.exit(process.wait(3))
    except subprocess.TimeoutExpired:
        if size() > most:
            process.kill()
            sys.exit(97)
"""


def environment_key(owner: str, image: str, packages: tuple[str, ...], requirements: Mapping[str, str]) -> str:
    """The name of what is installed: of everything that it depends on."""
    content = json.dumps([owner, image, sorted(packages), sorted(requirements.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:32]


def make_environment() -> tuple[str, ...]:
    """The command that makes an empty environment."""
    return (
        UV_PROGRAM, "venv", "--quiet", "--allow-existing", ENVIRONMENT_FOLDER, "--python", "python3",
        "--no-python-downloads", "--no-config",
    )  # fmt: skip


def install(files: tuple[str, ...], constraints: tuple[str, ...]) -> tuple[str, ...]:
    """The command that installs what requirement files of the box name, and stops when that is too much."""
    uv = [
        UV_PROGRAM, "pip", "install", "--no-progress", "--python", PLACES.python, "--only-binary", ":all:",
        "--cache-dir", CACHE, "--no-python-downloads", "--no-config",
    ]  # fmt: skip
    named = [argument for file in files for argument in ("--requirements", file)]
    limits = [argument for file in constraints for argument in ("--constraints", file)]
    return ("python3", "-I", "-S", "-c", GUARD, ENVIRONMENT_FOLDER, str(LARGEST_MB), *uv, *named, *limits)


def compile_environment() -> tuple[str, ...]:
    """The command that compiles it: boxes see it read-only. The interpreter is not the environment's own, and reads no
    `.pth` file of it."""
    return ("python3", "-I", "-S", "-m", "compileall", "-q", "-q", f"{ENVIRONMENT_FOLDER}/lib")


def remove_cache() -> tuple[str, ...]:
    """The command that removes what was downloaded."""
    return ("rm", "-rf", CACHE)


def install_variables(index: str | None) -> dict[str, str]:
    """The environment of the installer. Large wheels are unpacked on the volume instead of in memory."""
    own = {"TMPDIR": CACHE, "UV_HTTP_TIMEOUT": "60", "UV_LINK_MODE": "hardlink"}
    return own if index is None else {**own, "UV_DEFAULT_INDEX": index}


def failure(outcome: Outcome, minutes: int) -> DeployError:
    """What an installation that did not succeed means."""
    said = outcome.output[-SHOWN:]
    if outcome.ending == "timed_out":
        todo = "see whether the package index is slow; require less"
        return DeployError(f"not installed within {minutes} minutes", where=WHERE, todo=todo, retryable=True)
    if outcome.ending == "out_of_memory":
        return Uninstallable("the installation ran out of memory", where=WHERE, todo="raise `limits` in the spec")
    if outcome.ending == "died":
        todo = "see the engine's own log, then try again"
        return DeployError("the box of the installation went away", where=WHERE, todo=todo, retryable=True)
    if outcome.returncode == TOO_LARGE:
        return Uninstallable(f"larger than {LARGEST_MB // 1024} GiB", where=WHERE, todo="require less")
    # A package may be named as an error is: what uv says about versions comes first.
    if UNSOLVABLE not in said and NO_INDEX.search(said):
        what = f"the package index did not answer: {said}"
        return DeployError(what, where=WHERE, todo="try again when it does", retryable=True)
    todo = "require versions that exist, fit together, and come as wheels"
    return Uninstallable(f"the requirements cannot be installed: {said}", where=WHERE, todo=todo)
