"""What belongs into a function's package."""

import os
import sys
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.function_source import PipFunctionSource, SourceInputs, read_folder
from deploy_pipeline.gateways.process import Completed, LocalProcess
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall


def a_function(folder: Path) -> Path:
    source = folder / "data_prep"
    for name, text in {
        "handler.py": "x",
        "part/code.py": "y",
        "tests/test_x.py": "t",
        "__pycache__/a.pyc": "c",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    (source / "run.sh").write_text("#!/bin/sh")
    (source / "run.sh").chmod(0o755)
    return source


def test_read_folder_leaves_tests_and_caches_out_and_keeps_the_mode(tmp_path: Path) -> None:
    assert read_folder(a_function(tmp_path)) == {
        "handler.py": (b"x", False),
        "part/code.py": (b"y", False),
        "run.sh": (b"#!/bin/sh", True),
    }


def test_read_folder_follows_a_link_to_a_file_inside(tmp_path: Path) -> None:
    source = a_function(tmp_path)
    (source / "also.py").symlink_to("handler.py")
    assert read_folder(source)["also.py"] == (b"x", False)


@pytest.mark.parametrize(
    ("target", "message"),
    [("../shared", "a link to a folder"), ("nowhere", "or to nothing"), ("../secret", "points outside")],
)
def test_read_folder_refuses_links_that_would_be_lost_or_lead_out(tmp_path: Path, target: str, message: str) -> None:
    source = a_function(tmp_path)
    (tmp_path / "shared").mkdir()
    (tmp_path / "secret").write_text("s")
    (source / "link").symlink_to(target)
    with pytest.raises(DeployError, match=message):
        read_folder(source)


DESCRIBED = Completed(("python3",), 0, "3.11.2 cpython posix x86_64 Linux 6.1 #1 pip 24.0\n", "")


def inputs(source: Path, environment: dict[str, str]) -> SourceInputs:
    return PipFunctionSource(FakeProcess(lambda call: DESCRIBED), "/nowhere/bin/python3", environment).inputs(source)


def test_inputs_are_the_files_as_they_will_lie_in_the_package(tmp_path: Path) -> None:
    source = a_function(tmp_path)
    (source / "handler.py").chmod(0o600)
    found = inputs(source, {})
    assert [(entry.path, entry.mode) for entry in found.files] == [
        ("handler.py", 0o644), ("part/code.py", 0o644), ("run.sh", 0o755),
    ]  # fmt: skip
    assert (found.requirements, found.installer) == ("", {})


def test_inputs_with_requirements_name_who_installs_them(tmp_path: Path) -> None:
    source, settings = a_function(tmp_path), tmp_path / "pip.conf"
    (source / "requirements.txt").write_text("a==1\n")
    settings.write_text("[global]\nindex-url = https://index\n")
    environment = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(settings), "PIP_NO_INDEX": "1"}
    found = inputs(source, environment)
    assert found.requirements == "a==1\n"
    assert found.installer["python"] == DESCRIBED.stdout.strip()
    assert found.installer["PIP_NO_INDEX"] == "1"
    settings.write_text("[global]\nindex-url = https://other\n")
    assert inputs(source, environment).installer != found.installer


@pytest.mark.real
def test_inputs_ask_the_interpreter_that_runs_pip(tmp_path: Path) -> None:
    source = a_function(tmp_path)
    (source / "requirements.txt").write_text("a==1\n")
    process = LocalProcess(environment=os.environ, clock=SystemClock())
    described = PipFunctionSource(process, sys.executable, os.environ).inputs(source).installer["python"]
    assert described.startswith(sys.version.split()[0])
    assert " pip " in described


def test_files_of_a_missing_folder_says_what_to_correct(tmp_path: Path) -> None:
    source = PipFunctionSource(FakeProcess(), "python3", {})
    with pytest.raises(DeployError, match="correct the function's `source`"):
        source.files(tmp_path / "nowhere", "python3.11")


def test_files_bring_the_requirements_along_with_their_own_tests_folders(tmp_path: Path) -> None:
    def pip(call: ProcessCall) -> Completed:
        target = Path(call.argv[call.argv.index("--target") + 1])
        (target / "library/tests").mkdir(parents=True)
        (target / "library/tests/data.py").write_text("d")
        return Completed(call.argv, 0, "", "")

    function = a_function(tmp_path)
    (function / "requirements.txt").write_text("library==1")
    process = FakeProcess(pip)
    environment = {"PIP_INDEX_URL": "https://index.test/simple", "AWS_SECRET_ACCESS_KEY": "s"}
    files = PipFunctionSource(process, "python3", environment).files(function, "python3.11")
    assert files["library/tests/data.py"] == (b"d", False)
    assert files["handler.py"] == (b"x", False)
    (call,) = process.calls
    assert call.argv[call.argv.index("--python-version") + 1] == "3.11"
    assert call.env is not None
    assert call.env["PIP_INDEX_URL"] == "https://index.test/simple"
    assert "AWS_SECRET_ACCESS_KEY" not in call.env


def test_files_whose_requirements_cannot_be_installed_say_why(tmp_path: Path) -> None:
    function = a_function(tmp_path)
    (function / "requirements.txt").write_text("library==1")
    process = FakeProcess(lambda call: Completed(call.argv, 1, "", "No matching distribution found for library==1"))
    with pytest.raises(DeployError, match="No matching distribution") as caught:
        PipFunctionSource(process, "python3", {}).files(function, "python3.11")
    assert "data_prep/requirements.txt" in str(caught.value)
