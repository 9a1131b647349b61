"""`python -m deploy_pipeline.warm HOME`: the warm server of the instance in HOME."""

import argparse
import gc
import importlib
import os
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster.version

from deploy_pipeline.warm.code_server import CodeServer
from deploy_pipeline.warm.code_state import CodeState, CodeWatch, roots_of
from deploy_pipeline.warm.identity import supported
from deploy_pipeline.warm.server import WarmServer, threads
from deploy_pipeline.warm.state import Kept
from deploy_pipeline.warm.wire import VERSION, listen

OPEN_FILES = Path("/proc/self/fd")


@dataclass(frozen=True)
class Options:
    """What to load, whose code to watch, and what to serve."""

    home: Path
    preload: str
    watched: list[Path]
    location: str
    module: str
    kept: int | None


def say(line: str) -> None:
    """To the log."""
    sys.stderr.write(f"warm server: {line}\n")
    sys.stderr.flush()


def main(argv: list[str]) -> None:
    """Load, then serve until SIGTERM."""
    options = parsed(argv)
    if not supported():
        raise SystemExit("the warm server needs /proc and pidfds")
    kept = Kept.from_descriptor(options.kept) if options.kept is not None else None
    listener = socket.socket(fileno=kept.listener) if kept else listen(options.home)
    modules = [name for name in (options.preload, options.module) if name]
    roots = [root for name in modules for root in roots_of(name)]
    code = CodeState.now([*dict.fromkeys(roots), *options.watched, Path(dagster.version.__file__)])
    refusal = preloaded(modules)
    code_server = None
    if options.module:
        pid = kept.code_server if kept else None
        code_server = CodeServer(options.home, Path.cwd(), options.location, options.module, say, pid)
        code_server.replaces = not refusal  # else the one that serves has code that works
        if not refusal:
            code_server.replace()
    jobs = kept.jobs if kept else {}
    say(f"serves {options.home} (pid {os.getpid()}, {VERSION}){': refuses runs: ' + refusal if refusal else ''}")
    gc.collect()
    gc.freeze()  # else the collector of each worker copies pages that it only looks at
    WarmServer(listener, CodeWatch(code), refusal, jobs, code_server, restart, say).serve()
    say("ends")


def parsed(argv: list[str]) -> Options:
    """The command line."""
    parser = argparse.ArgumentParser(prog="deploy_pipeline.warm", description=__doc__)
    parser.add_argument("home", type=Path, help="folder of the Dagster instance")
    parser.add_argument(
        "--preload", default="deploy_pipeline.preload", help="module that loads the libraries that runs need"
    )
    parser.add_argument("--watched", type=Path, action="append", default=[], help="file that is read by the code")
    parser.add_argument("--location", default="", help="name of the code location")
    parser.add_argument("--module", default="", help="module of the code location; without one no code is served")
    parser.add_argument("--kept", type=int, help="descriptor of what the server before has left")
    return Options(**vars(parser.parse_args(argv)))


def preloaded(modules: Sequence[str]) -> str:
    """Load modules. Returns why no run worker can be forked from this process, if so."""
    before = set(open_files())
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001  (whatever it is: the code server shows it, and runs start cold)
            traceback.print_exc()
            return f"loading {module} failed: {error}"
    left = [name for descriptor, name in open_files().items() if descriptor not in before]
    return threads() or (f"what was loaded has left open: {', '.join(left)}" if left else "")


def open_files() -> dict[int, str]:
    """Descriptor -> what it is open on."""
    found = {}
    for entry in OPEN_FILES.iterdir():
        try:
            found[int(entry.name)] = str(entry.readlink())
        except OSError:  # the descriptor of this very listing
            continue
    return found


def restart(kept: Kept) -> None:
    """Replace this program by itself with the code of now. Its children, and who waits at the listener, stay."""
    say("the code has changed: loading it anew")
    argv = [*sys.orig_argv[:1], "-m", "deploy_pipeline.warm", *sys.argv[1:]]
    position = argv.index("--kept") if "--kept" in argv else len(argv)
    os.execv(sys.executable, [*argv[:position], "--kept", str(kept.pass_on())])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1:])
