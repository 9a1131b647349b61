"""Tool environments: pip is a fake that makes the folder as pip would."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.terraform_binary import Terraform, ask_version, ensure_terraform, find_terraform
from deploy_pipeline.sandbox.toolbox import (
    Tools,
    cache_folder,
    ensure_installed,
    installed,
    terraform_tools,
    toolbox_tools,
)
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall

TOOLS = Tools("some", "one==1\n")


def python(call: ProcessCall) -> Completed:
    """`python -m venv`, `pip install`, and a Terraform that tells its version."""
    if call.argv[1:3] == ("-m", "venv"):
        (Path(call.argv[3]) / "bin").mkdir(parents=True)
    if call.argv[1] == "version":
        return Completed(
            call.argv, 0, "Warning: no CLI configuration\n" + json.dumps({"terraform_version": "1.15.5"}), ""
        )
    return Completed(call.argv, 0, "", "")


def answering(version: str) -> Callable[[ProcessCall], Completed]:
    return lambda call: Completed(call.argv, 0, json.dumps({"terraform_version": version}), "")


def broken_pip(call: ProcessCall) -> Completed:
    if "pip" in call.argv:
        return Completed(call.argv, 1, "", "ERROR: no index")
    return python(call)


def test_ensure_installed_makes_the_environment_once(tmp_path: Path) -> None:
    process, said = FakeProcess(python), list[str]()

    folder = ensure_installed(TOOLS, tmp_path, process, {"PIP_INDEX_URL": "https://index"}, said.append)
    again = ensure_installed(TOOLS, tmp_path, process, {}, said.append)

    assert folder == again == installed(TOOLS, tmp_path)
    assert [call.argv[1:4] for call in process.calls] == [("-m", "venv", str(folder)), ("-m", "pip", "install")]
    assert process.calls[1].env == {"PIP_INDEX_URL": "https://index"}
    assert (folder / "requirements.txt").read_text() == "one==1\n"
    assert len(said) == 1


def test_ensure_installed_begins_anew_after_an_interrupted_installation(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no index"):
        ensure_installed(TOOLS, tmp_path, FakeProcess(broken_pip), {}, print)
    assert installed(TOOLS, tmp_path) is None
    (tmp_path / TOOLS.folder_name / "half").touch()

    folder = ensure_installed(TOOLS, tmp_path, FakeProcess(python), {}, print)

    assert not (folder / "half").exists()


def test_ensure_installed_by_two_at_once_installs_once(tmp_path: Path) -> None:
    process = FakeProcess(python)

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(ensure_installed, TOOLS, tmp_path, process, {}, print) for _ in range(4)]

    assert len({job.result() for job in jobs}) == 1
    assert len(process.calls) == 2


def test_folder_name_changes_with_the_pins() -> None:
    assert Tools("some", "one==1\n").folder_name != Tools("some", "one==2\n").folder_name


@pytest.mark.parametrize("tools", [toolbox_tools(), terraform_tools()])
def test_requirements_are_exact_pins(tools: Tools) -> None:
    lines = [line for line in tools.requirements.splitlines() if line and not line.startswith("#")]

    assert lines
    assert all("==" in line for line in lines)


def test_cache_folder_honours_xdg() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/x"}) == Path("/x/deploy-pipeline")
    assert cache_folder({}) == Path("~/.cache/deploy-pipeline").expanduser()


@pytest.mark.parametrize(
    ("version", "enough"), [("1.10.5", False), ("1.11.0-rc1", True), ("1.15.5", True), ("2.0.0", True)]
)
def test_new_enough(version: str, enough: bool) -> None:
    assert Terraform(Path("t"), version).new_enough is enough


def test_find_terraform_takes_the_one_on_path(tmp_path: Path) -> None:
    found = find_terraform(lambda _: Path("/bin/terraform"), FakeProcess(answering("1.11.4")), {})

    assert found == Terraform(Path("/bin/terraform"), "1.11.4")


def test_find_terraform_passes_an_old_one_by(tmp_path: Path) -> None:
    environment = {"XDG_CACHE_HOME": str(tmp_path)}

    assert find_terraform(lambda _: Path("/bin/terraform"), FakeProcess(answering("1.5.7")), environment) is None


def test_ensure_terraform_makes_a_launcher_that_is_found_the_next_time(tmp_path: Path) -> None:
    process, environment, said = FakeProcess(python), {"XDG_CACHE_HOME": str(tmp_path)}, list[str]()

    made = ensure_terraform(lambda _: None, process, environment, said.append)

    assert made.version == "1.15.5"
    assert made.path.read_text().startswith(f"#!{made.path.parent / 'python'}\n")
    assert made.path.stat().st_mode & 0o111
    assert find_terraform(lambda _: None, process, environment) == made
    assert len(said) == 2


def test_ask_version_refuses_a_program_that_is_not_terraform() -> None:
    with pytest.raises(DeployError, match="does not tell its version"):
        ask_version(Path("/bin/true"), FakeProcess())
