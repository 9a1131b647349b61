"""The container that a box is, as the body of the Docker engine's request. Nothing is created here."""

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_pipeline.core import box_forwarder
from deploy_pipeline.core.isolation import BoxSetup, Limits, Places

PLACES = Places(
    checkout="/checkout",
    base="/base",
    scratch="/scratch",
    bin="/opt/tools/bin",
    python="/environment/bin/python",
    providers="/providers",
)
ENVIRONMENT_FOLDER = "/environment"
HOME = f"{PLACES.scratch}/home"
TEMPORARY = f"{PLACES.scratch}/tmp"  # noqa: S108  (in the container)
USER = "65534:65534"
# Another one, so that what runs in the box cannot end what keeps it up, nor take the forwarder's place.
IDLE_USER = "65533:65533"
BOX_LABEL = "deploy-pipeline.box"
OWNER_LABEL = "deploy-pipeline.owner"
CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT")
TMP_MB = 64
SHARED_MEMORY_MB = 64
INODES = 200_000
OPEN_FILES = 8192
LARGEST_FILE_BYTES = 4 * 2**30
# The engine's own process in the container does nothing: what is asked of the box are further processes beside it.
IDLE = ("sleep", "infinity")

EngineRequest = dict[str, object]


@dataclass(frozen=True)
class Volume:
    """An engine volume that appears at `ENVIRONMENT_FOLDER`."""

    name: str
    writable: bool = False


def container(
    setup: BoxSetup,
    image: str,
    *,
    owner: str,
    egress: str | None = None,
    volume: Volume | None = None,
) -> EngineRequest:
    """The request that creates the container of `setup`. It has no network, only the proxy's UNIX socket `egress`.

    `image` is the id or name of the image, `owner` names the process that has to remove the container.
    """
    return {
        "Image": image,
        "Entrypoint": [],
        "Cmd": list(IDLE if egress is None else box_forwarder.forwarder()),
        "User": IDLE_USER,
        "Env": [f"{name}={value}" for name, value in variables(connected=egress is not None).items()],
        "Labels": {BOX_LABEL: setup.name, OWNER_LABEL: owner},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host_config(setup, egress, volume),
    }


def variables(*, connected: bool) -> dict[str, str]:
    """The whole environment of a box: nothing of it comes from the machine that runs it."""
    own = {
        "PATH": f"{PLACES.bin}:/usr/local/bin:/usr/bin:/bin",
        "HOME": HOME,
        "TMPDIR": TEMPORARY,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "CI": "true",
    }
    if not connected:
        return own
    proxies = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    return {**own, **dict.fromkeys(proxies, box_forwarder.PROXY)}


def _host_config(setup: BoxSetup, egress: str | None, volume: Volume | None) -> EngineRequest:
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Privileged": False,
        "IpcMode": "private",
        "Init": True,
        "LogConfig": {"Type": "none"},
        "RestartPolicy": {"Name": "no"},
        "Mounts": _mounts(setup, egress, volume),
        "Tmpfs": _tmpfs(setup.limits),
        **_resources(setup.limits),
    }


def _resources(limits: Limits) -> EngineRequest:
    memory = limits.memory_mb * 2**20
    return {
        "Memory": memory,
        # As much as the memory: no swap.
        "MemorySwap": memory,
        "NanoCpus": int(limits.cpus * 10**9),
        "PidsLimit": limits.processes,
        "ShmSize": SHARED_MEMORY_MB * 2**20,
        "Ulimits": [
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "fsize", "Soft": LARGEST_FILE_BYTES, "Hard": LARGEST_FILE_BYTES},
        ],
    }


def _tmpfs(limits: Limits) -> Mapping[str, str]:
    # Programs that were built from the checkout run from the scratch folder, so it allows execution.
    return {
        PLACES.scratch: f"size={limits.scratch_mb}m,mode=1777,nr_inodes={INODES},exec,nosuid,nodev",
        "/tmp": f"size={TMP_MB}m,mode=1777,nr_inodes={INODES},noexec,nosuid,nodev",  # noqa: S108  (in the container)
    }


def _mounts(setup: BoxSetup, egress: str | None, volume: Volume | None) -> list[EngineRequest]:
    folders = {PLACES.checkout: setup.checkout, PLACES.base: setup.base, PLACES.providers: setup.providers}
    programs = {PLACES.program(name): path for name, path in setup.programs.items()}
    mounts = [_read_only(source, target) for target, source in {**folders, **programs}.items() if source]
    if egress is not None:
        mounts.append(_read_only(egress, box_forwarder.SOCKET))
    if volume is not None:
        mounts.append(
            {
                "Type": "volume",
                "Source": volume.name,
                "Target": ENVIRONMENT_FOLDER,
                "ReadOnly": not volume.writable,
            }
        )
    return mounts


def _read_only(source: str, target: str) -> EngineRequest:
    return {
        "Type": "bind",
        "Source": source,
        "Target": target,
        "ReadOnly": True,
        "BindOptions": {"Propagation": "rprivate"},
    }
