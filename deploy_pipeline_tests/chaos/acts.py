"""What is done to the service and to its surroundings in the middle of a deployment."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from tempfile import mkdtemp

import httpx

from deploy_pipeline.cli.dagster_processes import dagster_environment, inherited
from deploy_pipeline.cli.demo_commands import wait_for
from deploy_pipeline.core import run_tags
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.warm.code_server import NAME as CODE_SERVER
from deploy_pipeline_tests.chaos.scene import LEASE_SECONDS, READY_SECONDS, RUN_SECONDS, Scene, kill

PAUSED_LIMITS = 4
CANCEL = "mutation($run: String!) { terminateRun(runId: $run) { __typename } }"
SETTLING = """query { runsOrError(filter: {pipelineName: "reconcile_job", statuses: [STARTED]}, limit: 1) {
  ... on Runs { results { runId } } } }"""
PROC = Path("/proc")
BEGIN_SECONDS = 3.0  # from a run's first event to its wish for the environment


def kill_worker(scene: Scene) -> None:
    """SIGKILL of the run worker."""
    kill(scene.worker_of(scene.current()))


def cancel(scene: Scene) -> None:
    """Terminate, as a person does in the UI; the exchange goes on a moment later, when the step is interrupted."""
    scene.api.ask(CANCEL, run=scene.current())
    time.sleep(1.0)


def in_turn(*acts: Callable[[Scene], object]) -> Callable[[Scene], None]:
    """The first act the first time that the trap springs, the next one the next time."""

    def act(scene: Scene) -> None:
        if trap := scene.machine.proxy.traps.trap:
            acts[min(trap.seen, len(acts)) - 1](scene)

    return act


def cancel_again(scene: Scene) -> None:
    """Terminate once more, past Dagster's refusal of a run that ends already: as a signal to the worker."""
    scene.api.ask(CANCEL, run=scene.current())
    with suppress(ProcessLookupError):
        os.kill(scene.worker_of(scene.current()), signal.SIGINT)


def kill_settlement(scene: Scene) -> None:
    """SIGKILL of the worker that settles what a dead run has left."""
    found = scene.api.ask(SETTLING)["runsOrError"]["results"]
    if not found:
        raise DeployError("no run settles it", where=str(scene.home))
    kill(scene.worker_of(found[0]["runId"]))


def kill_daemon(scene: Scene) -> None:
    """SIGKILL of Dagster's daemon."""
    kill(scene.dagster.children[1].pid)


def kill_everything(scene: Scene) -> None:
    """As the machine's power going away: every process of the service at once."""
    for member in scene.dagster.family.alive():
        kill(member.pid)


def kill_code_server(scene: Scene) -> None:
    """SIGKILL of the process that has the code location."""
    found = [member.pid for member in scene.dagster.family.alive() if name_of(member.pid) == CODE_SERVER]
    if not found:
        raise DeployError("no code server runs", where=str(scene.home))
    for pid in found:
        kill(pid)


def name_of(pid: int) -> str:
    """What a process calls itself."""
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return ""


def pause_worker(scene: Scene) -> None:
    """Stop the run worker for longer than its lease lasts; it goes on by itself then."""
    pid = stop_worker(scene)
    threading.Timer(LEASE_SECONDS * PAUSED_LIMITS, os.kill, (pid, signal.SIGCONT)).start()


def stop_worker(scene: Scene) -> int:
    """Stop the run worker until somebody continues it; its pid."""
    pid = scene.worker_of(scene.current())
    os.kill(pid, signal.SIGSTOP)
    return pid


def github(scene: Scene, order: str, **fields: object) -> None:
    """Have the GitHub double refuse what comes next."""
    site = scene.env["GITHUB_API_URL"].removesuffix("/api/v3")
    httpx.post(f"{site}/_control/{order}", json=fields, timeout=10).raise_for_status()


def launch_again(scene: Scene) -> None:
    """Launch a deployment of the newest commit, beside the one that the sensor has launched."""
    sha = scene.shas[-1]
    scene.launch(deploy_job.name, config_of(sha), {run_tags.COMMIT: sha})


def launch_newer(scene: Scene) -> None:
    """Merge another commit, and launch its deployment before the sensor does."""
    scene.merge()
    launch_again(scene)


def config_of(sha: str) -> dict[str, object]:
    """The configuration of a commit's deployment."""
    return {"ops": {"resolve_candidate": {"config": {"commit": sha}}}}


def deploy_beside(scene: Scene) -> Path:
    """Deploy the newest commit from another Dagster, as from another machine: nothing but the ledger keeps them apart.

    Returns its folder.
    """
    sha, home = scene.shas[-1], Path(mkdtemp(prefix="beside-", dir=scene.home))
    config, log = home / "config.json", home / "log"
    config.write_text(json.dumps(config_of(sha)))
    env = dagster_environment(
        scene.project, home, 0, inherited(os.environ), {**scene.env, "DEPLOY_PIPELINE_WORK": str(home / "work")}
    )
    argv = [str(Path(sys.executable).with_name("deploy-pipeline")), "run", deploy_job.name, "--config", str(config)]
    with log.open("wb") as output:
        process = Popen([*argv, "--home", str(home)], cwd=scene.project, env=env, stdout=output, stderr=STDOUT)
    scene.beside.append((sha, process))
    return home


def deploy_twice_at_once(scene: Scene) -> None:
    """Deploy the newest commit from another Dagster, too; returns when that one wants the environment."""
    runs = deploy_beside(scene) / "history/runs"
    wait_for(lambda: any(runs.glob("*-*.db")) or None, READY_SECONDS, "the other deployment does not begin")
    time.sleep(BEGIN_SECONDS)


def deploy_newer_at_once(scene: Scene) -> None:
    """Merge another commit, and deploy it from another Dagster."""
    scene.merge()
    deploy_twice_at_once(scene)


def second_daemon(scene: Scene) -> None:
    """Start another daemon for the same instance, as somebody does by hand; it ends with the service."""
    warm = scene.dagster.warm
    if warm is None:
        raise DeployError("no warm server runs", where=str(scene.home))
    pairs = (PROC / str(warm.process.pid) / "environ").read_bytes().decode().split("\0")
    env = dict(pair.partition("=")[::2] for pair in pairs if pair)
    workspace, log = scene.dagster.home / "workspace.yaml", scene.home / "second-daemon.log"
    argv = [sys.executable, "-m", "deploy_pipeline.warm.daemon", "-w", str(workspace)]
    with log.open("wb") as output:
        process = Popen(argv, cwd=scene.project, env=env, stdin=DEVNULL, stdout=output, stderr=STDOUT)
    scene.daemons.append(process)
    wait_for(lambda: "Instance is configured" in log.read_text() or None, READY_SECONDS, "it does not begin")


def one_daemon_again(scene: Scene) -> None:
    """End it; where the first one was killed, the service is started again, as its supervisor does."""
    for process in scene.daemons:
        process.kill()
        process.wait()
    scene.daemons.clear()
    if scene.dagster.children[1].poll() is not None:
        scene.restart()


def jump(scene: Scene, seconds: int) -> None:
    """Have the run worker see another wall clock from now on."""
    if scene.machine.clock is None:
        raise DeployError("there is no compiler for the clock", where=str(scene.home))
    scene.machine.clock.jump(scene.worker_of(scene.current()), seconds)


def overtake(scene: Scene) -> None:
    """Have a newer commit go live while the worker sleeps, then continue the worker: it must change nothing."""
    asleep = scene.worker_of(scene.current())
    scene.merge()
    deploy_beside(scene)
    _, process = scene.beside[-1]
    try:
        wait_for(process.poll, RUN_SECONDS, "the newer deployment does not end")
        if process.returncode:
            raise DeployError("the newer deployment failed", where=str(scene.home))
    finally:
        os.kill(asleep, signal.SIGCONT)
