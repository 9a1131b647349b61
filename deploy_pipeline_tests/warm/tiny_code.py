"""The jobs of the tiny code location that the tests' warm server has loaded, as text: it is written where it runs."""

CODE = '''
import json, os, signal, sys, threading, time
from pathlib import Path
import dagster as dg
from tinycode import words

def opened():
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            pass
    return found

@dg.op(config_schema={"file": str})
def look(context):
    """Writes down what the process is like."""
    facts = {
        "word": words.WORD, "pid": os.getpid(), "parent": os.getppid(), "session": os.getsid(0), "opened": opened(),
        "threads": [thread.name for thread in threading.enumerate()], "tasks": len(os.listdir("/proc/self/task")),
        "blocked": [number.name for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "name": Path("/proc/self/comm").read_text().strip(), "variable": os.environ.get("GITHUB_TOKEN"),
    }
    Path(context.op_config["file"]).write_text(json.dumps(facts))

@dg.op(config_schema={"folder": str})
def hold(context):
    """Says that it has begun; ends when it is told to, or interrupted."""
    folder = Path(context.op_config["folder"])
    try:
        (folder / "begun").touch()
        while not (folder / "end").exists():
            time.sleep(0.05)
    finally:
        (folder / "cleaned").touch()

@dg.job(executor_def=dg.in_process_executor)
def looks():
    look()

@dg.job(executor_def=dg.in_process_executor)
def holds():
    hold()

defs = dg.Definitions(jobs=[looks, holds])
'''
