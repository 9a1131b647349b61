"""Debian's packages and the stand-in for a base image: texts in, texts out."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.debian import configured_mirror, install_packages, is_debian, reaching_options
from deploy_pipeline.sandbox.debian_image import (
    build_root,
    can_stand_in,
    mmdebstrap_command,
    pip_configuration,
    private_bundle,
)
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall

DEB822 = """\
Types: deb
URIs: https://packages.example.com/
Suites: stable
Components: main

Types: deb
# a comment
URIs: http://mirror.example.com/debian http://second.example.com
Suites: bookworm bookworm-updates
Components: main contrib
"""


@pytest.mark.parametrize(("text", "expected"), [("NAME=x\nID=debian\n", True), ("ID=ubuntu\nID_LIKE=debian\n", False)])
def test_is_debian(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "os-release").write_text(text)

    assert is_debian(tmp_path / "os-release") is expected


def test_is_debian_where_nothing_tells() -> None:
    assert not is_debian(Path("/nonexistent"))


def test_install_packages_updates_first_and_asks_nothing() -> None:
    process = FakeProcess()

    install_packages(process, ["docker.io", "iptables"], print)

    assert [call.argv[1] for call in process.calls] == ["update", "install"]
    assert process.calls[1].argv[-3:] == ("--no-install-recommends", "docker.io", "iptables")
    assert all(call.env and call.env["DEBIAN_FRONTEND"] == "noninteractive" for call in process.calls)


def test_install_packages_shows_what_apt_said() -> None:
    failing = FakeProcess(lambda call: Completed(call.argv, 100, "", "E: Unable to locate package"))

    with pytest.raises(DeployError, match="Unable to locate package"):
        install_packages(failing, ["docker.io"], print)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "sources.list",
            "deb [arch=amd64] http://one.example.com/debian bookworm main\n",
            "http://one.example.com/debian",
        ),
        ("sources.list.d/debian.sources", DEB822, "http://mirror.example.com/debian"),
        ("sources.list.d/other.list", "deb http://apt.example.com stable main\n", "http://deb.debian.org/debian"),
    ],
)
def test_configured_mirror(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)

    assert configured_mirror("bookworm", tmp_path) == expected


def test_reaching_options_keeps_proxies_and_trust_and_nothing_else() -> None:
    dump = "\n".join(
        [
            'APT::Architecture "amd64";',
            'Acquire::http::Proxy "http://proxy:3128";',
            'Acquire::http::Proxy::deb.example.com "DIRECT";',
            'Acquire::https::CaInfo "/etc/ssl/private.pem";',
            'Acquire::Check-Valid-Until "false";',
            'Acquire::https::Proxy "";',
            'Acquire::Languages "none";',
        ]
    )

    assert reaching_options(dump) == [
        'Acquire::http::Proxy "http://proxy:3128";',
        'Acquire::http::Proxy::deb.example.com "DIRECT";',
        'Acquire::https::CaInfo "/etc/ssl/private.pem";',
        'Acquire::Check-Valid-Until "false";',
    ]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("python:3.11-slim-bookworm", True),
        ("public.ecr.aws/docker/library/python:3.11.9", True),
        ("python:3.12-slim", False),
        ("python:3.11-alpine", False),
        ("node:20", False),
        ("mypython:3.11", False),
    ],
)
def test_can_stand_in(image: str, expected: bool) -> None:
    assert can_stand_in(image) is expected


def test_mmdebstrap_command_with_everything() -> None:
    assert mmdebstrap_command(Path("/t/root.tar"), "http://m", ['A "b";'], Path("/t/pip.conf"), Path("/ca.crt")) == [
        "mmdebstrap",
        "--quiet",
        "--variant=minbase",
        "--include=python3,python3-pip,python3-venv,ca-certificates",
        '--aptopt=A "b";',
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/info/*",
        '--customize-hook=ln -s python3 "$1/usr/bin/python"',
        "--customize-hook=upload /t/pip.conf /etc/pip.conf",
        "--customize-hook=upload /ca.crt /etc/ssl/certs/ca-certificates.crt",
        "bookworm",
        "/t/root.tar",
        "http://m",
    ]


def test_pip_configuration_takes_only_what_another_machine_can_use() -> None:
    listed = "\n".join(
        [
            ":env:.cert='/etc/ssl/own.pem'",
            ":env:.timeout='180'",
            "global.index-url='https://index.example.com/simple'",
            "global.extra-index-url='file:///opt/simple https://more.example.com/simple'",
            "global.find-links='/opt/wheels'",
            "global.trusted-host='index.example.com'",
        ]
    )

    assert pip_configuration(listed, private_bundle=True) == (
        "[global]\n"
        "index-url = https://index.example.com/simple\n"
        "extra-index-url = https://more.example.com/simple\n"
        "trusted-host = index.example.com\n"
        "timeout = 180\n"
        "cert = /etc/ssl/certs/ca-certificates.crt\n"
    )


def test_pip_configuration_leaves_out_an_index_with_a_password() -> None:
    assert (
        pip_configuration("global.index-url='https://me:secret@index.example.com'", private_bundle=False)
        == "[global]\n"
    )


def test_private_bundle_is_the_one_that_a_variable_names(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.touch()

    assert private_bundle({"PIP_CERT": "/nonexistent", "SSL_CERT_FILE": str(bundle)}, tmp_path) == bundle


def test_private_bundle_is_none_where_nothing_is_added_to_debians(tmp_path: Path) -> None:
    assert private_bundle({}, tmp_path) is None


def test_build_root_runs_mmdebstrap_in_its_folder(tmp_path: Path) -> None:
    process = FakeProcess(mmdebstrap)

    root = build_root(tmp_path, process, lambda _: Path("/usr/bin/mmdebstrap"), {}, print)

    assert root == tmp_path / "root.tar"
    assert root.exists()
    assert process.calls[-1].env is not None
    assert process.calls[-1].env["TMPDIR"] == str(tmp_path)


def mmdebstrap(call: ProcessCall) -> Completed:
    if call.argv[0] == "mmdebstrap":
        Path(call.argv[-2]).touch()
    return Completed(call.argv, 0, "", "")
