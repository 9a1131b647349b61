"""Debian's packages: whether this is Debian, installing from apt, and how its mirror is reached."""

import os
import re
from pathlib import Path

from deploy_pipeline.gateways.process import Process, minimal_environment
from deploy_pipeline.sandbox.programs import must_run
from deploy_pipeline.sandbox.progress import Progress

OS_RELEASE = Path("/etc/os-release")
APT_SECONDS = 900
DEFAULT_MIRROR = "http://deb.debian.org/debian"
# What decides whether a mirror is reachable and believed; all else is this machine's own business.
REACHING = re.compile(r"^Acquire::(\w+::(.*::)?Proxy\b.*|https?::(CaInfo|Verify-\w+)|Check-Valid-Until|Check-Date) ")
TODO = "check the apt sources and the network, then run this again"


def is_debian(os_release: Path = OS_RELEASE) -> bool:
    """Whether this machine has Debian's packages."""
    return os_release.exists() and bool(re.search(r"^ID=debian$", os_release.read_text(), re.MULTILINE))


def install_packages(process: Process, packages: list[str], progress: Progress) -> None:
    """Install from apt, as root, without what is only recommended."""
    progress(f"Installing {' and '.join(packages)} with apt (up to a minute)")
    env = {**minimal_environment(os.environ), "DEBIAN_FRONTEND": "noninteractive"}
    must_run(process, ["apt-get", "update", "-q"], env=env, timeout=APT_SECONDS, todo=TODO)
    argv = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *packages]
    must_run(process, argv, env=env, timeout=APT_SECONDS, todo=TODO)


def reaching_options(apt_config_dump: str) -> list[str]:
    """The lines of `apt-config dump` that another apt needs to reach the same mirrors."""
    return [line for line in apt_config_dump.splitlines() if REACHING.match(line) and not line.endswith('"";')]


def configured_mirror(suite: str, apt: Path = Path("/etc/apt")) -> str:
    """The mirror that this machine's apt uses for a Debian suite; Debian's own when none is configured."""
    lists = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    for path in (path for path in lists if path.is_file()):
        if found := _mirror_in(path.read_text(errors="replace"), suite):
            return found
    return DEFAULT_MIRROR


def _mirror_in(text: str, suite: str) -> str | None:
    one_line = re.search(rf"^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+{suite}\s+.*\bmain\b", text, re.MULTILINE)
    if one_line:
        return one_line[1]
    for stanza in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^([A-Za-z-]+):\s*(.+)$", stanza, re.MULTILINE))
        if suite in fields.get("Suites", "").split() and "main" in fields.get("Components", "").split():
            return str(fields["URIs"].split()[0])
    return None
