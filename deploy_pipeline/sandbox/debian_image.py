"""A root file system with Python 3.11, made from Debian's packages, in which builds reach the same package index."""

import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process, minimal_environment
from deploy_pipeline.sandbox.debian import configured_mirror, install_packages, is_debian, reaching_options
from deploy_pipeline.sandbox.package_index import addresses, pip_settings, read_settings
from deploy_pipeline.sandbox.programs import Find, must_run
from deploy_pipeline.sandbox.progress import Progress

SUITE = "bookworm"
PACKAGES = "python3,python3-pip,python3-venv,ca-certificates"
MAKE_SECONDS = 900
# As in Debian's own slim images: what nobody reads in a container, a fifth of its size.
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*", "/usr/share/info/*")
BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian's place for it, here and in the image
LOCAL_AUTHORITIES = Path("/usr/local/share/ca-certificates")
BUNDLE_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PYTHON_IMAGE = re.compile(r"(^|/)python:3\.11([.-]\S*)?$")


def can_stand_in(image: str) -> bool:
    """Whether Debian bookworm, whose Python is 3.11, can take this image's place."""
    return bool(PYTHON_IMAGE.search(image)) and "alpine" not in image


def build_root(folder: Path, process: Process, find: Find, environment: Mapping[str, str], progress: Progress) -> Path:
    """Make the root file system; gives the tar file in `folder`."""
    _require_mmdebstrap(process, find, progress)
    bundle = private_bundle(environment)
    pip_conf = folder / "pip.conf"
    pip_conf.write_text(pip_configuration(pip_settings(process, environment), private_bundle=bundle is not None))
    apt = process.run(["apt-config", "dump"], timeout=60).stdout
    root = folder / "root.tar"
    argv = mmdebstrap_command(root, configured_mirror(SUITE), reaching_options(apt), pip_conf, bundle)
    env = {**minimal_environment(environment), "TMPDIR": str(folder)}
    folder.chmod(0o755)  # apt downloads as a user of its own, which has to get through
    must_run(process, argv, env=env, timeout=MAKE_SECONDS, todo="check the apt sources and the network")
    return root


def mmdebstrap_command(
    root: Path, mirror: str, apt_options: list[str], pip_conf: Path, bundle: Path | None
) -> list[str]:
    """The command that makes `root`, a tar file: Python also as `python`, pip's settings, the authorities' bundle."""
    hooks = ['ln -s python3 "$1/usr/bin/python"', f"upload {shlex.quote(str(pip_conf))} /etc/pip.conf"]
    if bundle:
        hooks.append(f"upload {shlex.quote(str(bundle))} {BUNDLE}")
    return [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        f"--include={PACKAGES}",
        *(f"--aptopt={option}" for option in apt_options),
        *(f"--dpkgopt=path-exclude={path}" for path in LEFT_OUT),
        *(f"--customize-hook={hook}" for hook in hooks),
        SUITE,
        str(root),
        mirror,
    ]


def pip_configuration(pip_config_list: str, *, private_bundle: bool) -> str:
    """A pip.conf for the image from the output of `pip config list` here.

    Only what another machine could use: no folders of this one, and no index with a password in its address.
    """
    portable = {name: _portable(name, value) for name, value in read_settings(pip_config_list).items()}
    settings = {name: value for name, value in portable.items() if value}
    if private_bundle:
        settings["cert"] = str(BUNDLE)
    return "[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def private_bundle(environment: Mapping[str, str], local: Path = LOCAL_AUTHORITIES) -> Path | None:
    """This machine's bundle of certificate authorities, when it trusts more than Debian does."""
    for name in BUNDLE_VARIABLES:
        if (value := environment.get(name)) and Path(value).is_file():
            return Path(value)
    return BUNDLE if BUNDLE.exists() and any(local.glob("*.crt")) else None


def _portable(name: str, value: str) -> str:
    if not name.endswith("index-url"):
        return value
    return " ".join(address.geturl() for address in addresses(value) if address.password is None)


def _require_mmdebstrap(process: Process, find: Find, progress: Progress) -> None:
    if find("mmdebstrap"):
        return
    if not is_debian() or os.geteuid() != 0:
        raise DeployError(
            "mmdebstrap is missing", where="base image", todo="install mmdebstrap, or load the image itself"
        )
    install_packages(process, ["mmdebstrap"], progress)
