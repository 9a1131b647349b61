"""The image that the tools of checks are in, as a Dockerfile. Building it is `gateways.tool_image`.

Versions are exact, contents are not pinned: a hash for every file of every dependency could only be kept with a lock
file for each combination of versions that a spec may ask for. So tools run without network and without credentials.
"""

import hashlib
import re
from collections.abc import Mapping

from deploy_pipeline.core.box_container import CA_BUNDLE, ENVIRONMENT_FOLDER, PLACES, USER
from deploy_pipeline.core.errors import DeployError

UV = "uv==0.13.9"
UV_PROGRAM = "/opt/uv/bin/uv"
REPOSITORY = "deploy-pipeline/checks"
ALONE = frozenset({"checkov", "safety"})
"""Tools that fix so many versions of others that they get an environment of their own."""
SHARED = "shared"
PROGRAM = re.compile(r"[a-z][a-z0-9-]*")
EXACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9][A-Za-z0-9._+!]*")


def tools_dockerfile(base_image: str, tools: Mapping[str, str]) -> str:
    """A Dockerfile with every tool (program -> `package==version`) below `Places.bin`, in environments that fit."""
    groups = grouped(tools)
    lines = [
        f"FROM {base_image}",
        "ARG UV_DEFAULT_INDEX",
        "ARG PIP_INDEX_URL",
        "USER root",
        f"RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir --only-binary :all: {UV}",
        "RUN "
        + " && ".join([*_trust(), *(command for name, group in groups.items() for command in _group(name, group))]),
        f"RUN mkdir -p {ENVIRONMENT_FOLDER} {PLACES.scratch} {PLACES.bin}"
        f" && chown {USER} {ENVIRONMENT_FOLDER} && chmod 1777 {PLACES.scratch}",
    ]
    return "\n".join(lines) + "\n"


def grouped(tools: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The tools by the environment that they share. Raises DeployError for what is no tool with an exact version."""
    groups: dict[str, dict[str, str]] = {}
    for program, requirement in sorted(tools.items()):
        if not PROGRAM.fullmatch(program) or not EXACT.fullmatch(requirement):
            what = f"{program}: {requirement!r} is not a tool with an exact version"
            raise DeployError(what, where="tools of checks", todo="correct `version` of the check in the spec")
        groups.setdefault(program if program in ALONE else SHARED, {})[program] = requirement
    return groups


def tools_tag(base_id: str, dockerfile: str) -> str:
    """The name of the image: of what it is made of."""
    content = f"{base_id}\n{dockerfile}".encode()
    return f"{REPOSITORY}:{hashlib.sha256(content).hexdigest()[:24]}"


def _trust() -> list[str]:
    # uv has certificate authorities of its own; where the base image trusts further ones, so does it.
    return [f"if [ -f {CA_BUNDLE} ]; then export SSL_CERT_FILE={CA_BUNDLE}; fi", "export UV_NO_CACHE=1"]


def _group(name: str, tools: Mapping[str, str]) -> list[str]:
    folder = f"/opt/tools/{name}"
    links = [
        f"test -x {folder}/bin/{program} && ln -s {folder}/bin/{program} {PLACES.program(program)}" for program in tools
    ]
    return [
        f"{UV_PROGRAM} venv --quiet {folder} --python python3 --no-python-downloads --no-config",
        f"{UV_PROGRAM} pip install --quiet --python {folder}/bin/python --only-binary :all: --no-config"
        f" --compile-bytecode {' '.join(tools.values())}",
        f"mkdir -p {PLACES.bin}",
        *links,
    ]
