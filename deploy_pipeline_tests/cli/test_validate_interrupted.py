"""Ctrl-C in `deploy-pipeline validate` while a tool runs: it ends soon, and nothing of it goes on."""

import os
import select
import signal
from pathlib import Path

import docker
import pytest

from deploy_pipeline.core.box_container import OWNER_LABEL
from deploy_pipeline_tests.cli.validate_case import a_repository, belongings, started
from deploy_pipeline_tests.jobs.validation_world import a_deploy_yaml

SECONDS = 120  # far less than the tool would take
# A pipe that somebody has open for writing does not end.
SLEEPER = "#!/bin/sh\n[ -p {pipe} ] && exec 9>{pipe}\necho asleep\nsleep 3600 &\nwait\n"


def a_sleeping_terraform(folder: Path) -> str:
    program = folder / "terraform"
    program.write_text(SLEEPER.format(pipe=folder / "pipe"))
    program.chmod(0o755)
    return str(program)


def boxes_of(work: Path) -> list[str]:
    """The containers and networks in the engine that belong to a work folder."""
    owner = (work / "isolation/owners/id").read_text()
    client = docker.APIClient(version="auto")
    try:
        labelled = {"label": OWNER_LABEL}
        found = [*client.containers(all=True, filters=labelled), *client.networks(filters=labelled)]
        return [str(each["Id"]) for each in found if each["Labels"][OWNER_LABEL].startswith(owner)]
    finally:
        client.close()


def interrupt(folder: Path, isolation: str, number: signal.Signals) -> None:
    """Interrupt the command in the middle of its check."""
    yaml = a_deploy_yaml(("terraform_fmt",))
    repository = a_repository(folder / "repository", {"deploy.yaml": yaml, "terraform/main/main.tf": ""})
    (repository.folder / "new.py").write_text("x = 1\n")
    before = belongings(repository)
    options = ("--check", "terraform_fmt", "--verbose", "--isolation", isolation)
    process = started(
        *options, cwd=repository.folder, work=folder / "work",
        DEPLOY_PIPELINE_TERRAFORM=a_sleeping_terraform(folder), PYTHONUNBUFFERED="1",
    )  # fmt: skip
    assert process.stdout is not None
    assert "asleep\n" in process.stdout, process.communicate()
    process.send_signal(number)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 130
    assert errors.endswith("interrupted\n")
    assert "Traceback" not in errors
    assert belongings(repository) == before
    assert list((folder / "work/validation").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_tool_of_this_machine_is_ended_with_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    os.mkfifo(tmp_path / "pipe")
    held = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        interrupt(tmp_path, "process", number)
        assert select.select([held], [], [], SECONDS)[0] == [held]
        assert os.read(held, 1) == b""
    finally:
        os.close(held)


@pytest.mark.real
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_no_container_is_left(tmp_path: Path, number: signal.Signals) -> None:
    interrupt(tmp_path, "container", number)
    assert boxes_of(tmp_path / "work") == []
