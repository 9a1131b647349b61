"""The package index that this machine's pip is set up with. Only addresses: no password in one goes any further."""

import re
import sys
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process

PIP_SETTING = re.compile(r"^(:env:|global|install)\.(index-url|extra-index-url|trusted-host|timeout)='(.*)'$")
WEAKEST_FIRST = ("global", "install", ":env:")
PYPI = "https://pypi.org/simple"
PYPI_HOSTS = ("pypi.org:443", "files.pythonhosted.org:443")
PORTS = {"http": 80, "https": 443}
ASK_SECONDS = 60


def pip_settings(process: Process, environment: Mapping[str, str]) -> str:
    """What `pip config list` says here; nothing where this interpreter has no pip."""
    argv = [sys.executable, "-m", "pip", "config", "list"]
    return process.run(argv, env=dict(environment), timeout=ASK_SECONDS).stdout


def read_settings(listed: str) -> dict[str, str]:
    """The settings in the output of `pip config list` that say how packages are got, as `pip install` takes them."""
    matches = [match for line in listed.splitlines() if (match := PIP_SETTING.match(line))]
    return {match[2]: match[3] for match in sorted(matches, key=lambda match: WEAKEST_FIRST.index(match[1]))}


def addresses(value: str) -> list[SplitResult]:
    """The addresses on the network in the value of `index-url` or `extra-index-url`."""
    parts = (urlsplit(part) for part in value.replace("\\n", " ").split())
    return [part for part in parts if part.scheme in PORTS and part.hostname]


def index_hosts(listed: str) -> tuple[str, ...]:
    """What has to be reached for packages, as `host:port`, from the output of `pip config list`.

    PyPI serves files from a host of their own; of any other index it is taken that it serves them itself.
    """
    settings = read_settings(listed)
    urls = [settings.get("index-url", PYPI), settings.get("extra-index-url", "")]
    try:
        hosts = [f"{each.hostname}:{each.port or PORTS[each.scheme]}" for url in urls for each in addresses(url)]
    except ValueError:
        todo = "correct index-url and extra-index-url there, or PIP_INDEX_URL"
        raise DeployError("has an address that is none", where="`pip config list`", todo=todo) from None
    return tuple(dict.fromkeys(part for host in hosts for part in (PYPI_HOSTS if host in PYPI_HOSTS else (host,))))
