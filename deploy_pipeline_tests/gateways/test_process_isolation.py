"""Boxes that are folders of this machine."""

import os
import sys
from pathlib import Path

import pytest

from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup, Limits
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.gateways.process_isolation import ProcessIsolation, ProcessIsolationSettings
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall, Respond, succeed
from deploy_pipeline_tests.gateways.box_case import checkout

LIMITS = Limits(output_mb=1)


def isolation(work: Path, respond: Respond = succeed) -> tuple[ProcessIsolation, FakeProcess]:
    process = FakeProcess(respond)
    environment = {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "s3cret", "AWS_SECRET_ACCESS_KEY": "s3cret"}
    settings = ProcessIsolationSettings(work, environment, sys.executable)
    return ProcessIsolation(settings, process, SystemClock()), process


def makes_environments(call: ProcessCall) -> Completed:
    """What `python -m venv` leaves, with every program."""
    if call.argv[1:3] == ("-m", "venv"):
        programs = Path(call.argv[3]) / "bin"
        programs.mkdir(parents=True)
        for name in ("black", "checkov", "python"):
            (programs / name).write_text("#!/bin/sh\necho $0 $1\n")
            (programs / name).chmod(0o755)
    return succeed(call)


def test_a_box_is_a_copy_with_a_small_environment(tmp_path: Path) -> None:
    tree = checkout(tmp_path)
    lines: list[str] = []
    with isolation(tmp_path / "work")[0].box(BoxSetup("x", str(tree), limits=LIMITS)) as box:
        folder = Path(box.places.checkout)
        code = "import os; open('new', 'w'); open(os.environ['HOME'] + '/r', 'w').write('1'); print(sorted(os.environ))"
        outcome = box.run((box.places.python, "-I", "-c", code), timeout=20, on_line=lines.append)
        assert box.read(f"{box.places.scratch}/home/r") == b"1"
        assert [box.read(path) for path in ("/etc/passwd", f"{box.places.scratch}/../checkout/app.py")] == [None, None]
    assert (outcome.ending, outcome.returncode) == ("finished", 0)
    names = ["CI", "HOME", "LANG", "PATH", "PYTHONDONTWRITEBYTECODE", "TMPDIR"]
    assert lines == [str(names)]
    assert [file.name for file in tree.iterdir()] == ["app.py"]
    assert not folder.exists()


def test_a_box_ends_at_the_time_out_with_everything_in_it(tmp_path: Path) -> None:
    with isolation(tmp_path / "work")[0].box(BoxSetup("x", str(checkout(tmp_path)), limits=LIMITS)) as box:
        outcome = box.run(("sh", "-c", "echo a; sleep 600 & wait"), timeout=0.5)
        assert (outcome.ending, outcome.returncode, outcome.stdout) == ("timed_out", None, "a\n")
        assert box.run(("true",), timeout=5).ending == "died"
        assert box.read(f"{box.places.scratch}/x") is None


def test_a_program_that_is_not_there_does_not_pass(tmp_path: Path) -> None:
    with isolation(tmp_path / "work")[0].box(BoxSetup("x", str(checkout(tmp_path)))) as box:
        outcome = box.run((box.places.program("no"),), timeout=5)
    assert (outcome.ending, outcome.returncode) == ("finished", 127)


def test_output_is_cut(tmp_path: Path) -> None:
    with isolation(tmp_path / "work")[0].box(BoxSetup("x", str(checkout(tmp_path)), limits=LIMITS)) as box:
        outcome = box.run(("sh", "-c", "yes | head -c 3000000"), timeout=20)
    assert (len(outcome.stdout) <= 2**20, outcome.truncated) == (True, True)


def test_tools_are_made_once_and_appear_beside_programs(tmp_path: Path) -> None:
    here, process = isolation(tmp_path / "work", makes_environments)
    tools = here.prepare_tools({"black": "black==1", "checkov": "checkov==2"}, print)
    assert here.prepare_tools({"black": "black==1", "checkov": "checkov==2"}, print) == tools
    assert [call.argv[1:4] for call in process.calls if "pip" in call.argv] == [("-m", "pip", "install")] * 2
    setup = BoxSetup("x", str(checkout(tmp_path)), tools=tools, programs={"terraform": "/bin/echo"})
    with here.box(setup) as box:
        assert box.run((box.places.program("checkov"), "x"), timeout=5).stdout.endswith("/bin/checkov x\n")
        assert box.run((box.places.program("terraform"), "y"), timeout=5).stdout == "y\n"


def test_an_environment_is_installed_from_checked_files(tmp_path: Path) -> None:
    given: list[str] = []

    def respond(call: ProcessCall) -> Completed:
        given.extend(Path(word).read_text() for word in call.argv if word.endswith(".txt"))
        return makes_environments(call)

    here, process = isolation(tmp_path / "work", respond)
    files = {"requirements.txt": "-c limits.txt\nidna # x", "limits.txt": "idna<4"}
    made = here.prepare_environment("", ("pytest==9",), files, print)
    pip = process.calls[-1].argv
    assert (given, [word for word in pip if word in {"-r", "-c"}]) == (
        ["pytest==9\n", "idna\n", "idna<4\n"],
        ["-r", "-r", "-c"],
    )
    assert pip[6:8] == ("--only-binary", ":all:")
    with here.box(BoxSetup("x", str(checkout(tmp_path)), environment=made)) as box:
        assert box.places.python == f"{made}/bin/python"


@pytest.mark.parametrize(
    ("said", "kind", "retryable"),
    [
        ("ERROR: No matching distribution found for idna==99", Uninstallable, False),
        ("WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError", DeployError, True),
    ],
)
def test_a_failed_installation_counts_for_nothing(
    tmp_path: Path, said: str, kind: type[DeployError], retryable: bool
) -> None:
    def respond(call: ProcessCall) -> Completed:
        return Completed(call.argv, 1, "", said) if "pip" in call.argv else makes_environments(call)

    here, process = isolation(tmp_path / "work", respond)
    for _ in range(2):
        with pytest.raises(kind) as caught:
            here.prepare_environment("", ("idna==99",), {}, print)
        assert caught.value.retryable is retryable
    assert len(process.calls) == 4


def test_it_says_what_it_gives_up(tmp_path: Path) -> None:
    assert isolation(tmp_path)[0].gives_up().startswith("Checks run as this machine's own user")


def test_once_closed_no_box_begins_and_what_runs_has_died(tmp_path: Path) -> None:
    boxes, setup = isolation(tmp_path / "work")[0], BoxSetup("x", str(checkout(tmp_path)), limits=LIMITS)
    with boxes.box(setup) as box:
        outcome = box.run(("sh", "-c", "echo a; sleep 600"), timeout=600, on_line=lambda line: boxes.close())
        assert (outcome.ending, outcome.returncode, outcome.stdout) == ("died", None, "a\n")
    with pytest.raises(DeployError, match="no box begins any more"), boxes.box(setup):
        pass
