"""The container of a box, as the engine is asked for it."""

from deploy_pipeline.core.box_container import Volume, container, variables
from deploy_pipeline.core.box_forwarder import forwarder
from deploy_pipeline.core.isolation import BoxSetup, Limits

OWN = {
    "PATH": "/opt/tools/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/scratch/home",
    "TMPDIR": "/scratch/tmp",
    "LANG": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "CI": "true",
}
SETUP = BoxSetup("black", "/trees/head", limits=Limits(1024, 1.5, 99, 64, 8))


def bound(source: str, target: str) -> dict[str, object]:
    return {
        "Type": "bind", "Source": source, "Target": target, "ReadOnly": True,
        "BindOptions": {"Propagation": "rprivate"},
    }  # fmt: skip


def test_container_without_anything() -> None:
    assert container(SETUP, "image:1", owner="me") == {
        "Image": "image:1",
        "Entrypoint": [],
        "Cmd": ["sleep", "infinity"],
        "User": "65533:65533",
        "Env": [f"{name}={value}" for name, value in OWN.items()],
        "Labels": {"deploy-pipeline.box": "black", "deploy-pipeline.owner": "me"},
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": {
            "NetworkMode": "none",
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Privileged": False,
            "IpcMode": "private",
            "Init": True,
            "LogConfig": {"Type": "none"},
            "RestartPolicy": {"Name": "no"},
            "Mounts": [bound("/trees/head", "/checkout")],
            "Tmpfs": {
                "/scratch": "size=64m,mode=1777,nr_inodes=200000,exec,nosuid,nodev",
                "/tmp": "size=64m,mode=1777,nr_inodes=200000,noexec,nosuid,nodev",
            },
            "Memory": 1024 * 2**20,
            "MemorySwap": 1024 * 2**20,
            "NanoCpus": 1_500_000_000,
            "PidsLimit": 99,
            "ShmSize": 64 * 2**20,
            "Ulimits": [
                {"Name": "core", "Soft": 0, "Hard": 0},
                {"Name": "nofile", "Soft": 8192, "Hard": 8192},
                {"Name": "fsize", "Soft": 4 * 2**30, "Hard": 4 * 2**30},
            ],
        },
    }


def test_container_with_everything() -> None:
    setup = BoxSetup(
        "plan", "/trees/head", base="/trees/base", providers="/mirror", programs={"terraform": "/usr/bin/terraform"}
    )
    request = container(setup, "i", owner="me", egress="/tmp/x/proxy", volume=Volume("environment-1"))
    host_config = request["HostConfig"]
    assert request["Cmd"] == list(forwarder())
    assert isinstance(host_config, dict)
    assert host_config["NetworkMode"] == "none"
    assert host_config["Mounts"] == [
        bound("/trees/head", "/checkout"),
        bound("/trees/base", "/base"),
        bound("/mirror", "/providers"),
        bound("/usr/bin/terraform", "/opt/tools/bin/terraform"),
        bound("/tmp/x/proxy", "/egress"),
        {"Type": "volume", "Source": "environment-1", "Target": "/environment", "ReadOnly": True},
    ]


def test_variables_name_the_proxy_and_nothing_of_this_machine() -> None:
    proxy = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:3128")
    assert (variables(connected=False), variables(connected=True)) == (OWN, {**OWN, **proxy})
