"""What the shell sees of the command's end."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from deploy_pipeline.cli.demo_commands import conclude
from deploy_pipeline.cli.lazy_group import importing
from deploy_pipeline.cli.main import commands, main
from deploy_pipeline.core.errors import DeployError


def fail_as_the_demo() -> None:
    raise click.exceptions.Exit(1)


def fail_as_an_operator_can_mend() -> None:
    raise DeployError("no spec", where="deploy.yaml", todo="write one")


def be_terminated() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signal.pause()


def be_interrupted() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    signal.pause()


@pytest.fixture(autouse=True)
def clean_up() -> Iterator[None]:
    """`main` sets handlers; the tests add a command."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
    commands.commands.pop("probe", None)


def exit_code(monkeypatch: pytest.MonkeyPatch, body: Callable[[], None], *arguments: str) -> object:
    commands.add_command(click.Command("probe", callback=body))
    monkeypatch.setattr(sys, "argv", ["deploy-pipeline", "probe", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lambda: None, 0),
        (fail_as_the_demo, 1),
        (fail_as_an_operator_can_mend, 1),
        (be_terminated, 130),
        (be_interrupted, 130),
    ],
)
def test_main_exits_with_the_code_that_its_help_tells(
    monkeypatch: pytest.MonkeyPatch, body: Callable[[], None], expected: int
) -> None:
    assert exit_code(monkeypatch, body) == expected


def test_main_of_wrong_usage_exits_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    assert exit_code(monkeypatch, lambda: None, "--no-such-option") == 2


def test_main_shows_an_operators_error_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code(monkeypatch, fail_as_an_operator_can_mend)
    assert capsys.readouterr().err == "deploy.yaml: no spec\nWhat to do: write one\n"


def test_a_demo_that_failed_names_its_report_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert exit_code(monkeypatch, lambda: conclude(False, tmp_path)) == 1
    assert exit_code(monkeypatch, lambda: conclude(True, tmp_path)) == 0
    report = f"Report: {tmp_path / 'demo.json'}\n"
    assert capsys.readouterr().out == f"{report}demo: FAIL\n{report}demo: PASS\n"


def test_every_command_is_where_the_help_finds_it() -> None:
    context = click.Context(commands)
    named = {name: commands.get_command(context, name) for name in commands.list_commands(context)}
    assert {name: command.name for name, command in named.items() if command} == {name: name for name in named}
    assert commands.get_command(context, "nonsense") is None


def test_the_version_is_told_without_loading_dagster() -> None:
    told = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "deploy_pipeline.cli.main", "--version"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in told.stderr.splitlines()}
    assert "click" in loaded
    assert "dagster" not in loaded


def test_loading_modules_leaves_the_search_for_garbage_as_it_was() -> None:
    assert gc.isenabled()
    with importing():
        assert not gc.isenabled()
    assert gc.isenabled()
