"""The wall clock of one process, which jumps when it is told to. `clock.c` is loaded before the C library's own."""

import os
import shutil
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")
FORMAT = "=qq"


@dataclass(frozen=True)
class WorkerClock:
    """`library` shifts the clock of the process that `file` names. Time that only goes on is not touched."""

    library: Path
    file: Path

    @property
    def env(self) -> dict[str, str]:
        """What the processes whose clock may jump have to be started with."""
        return {"LD_PRELOAD": str(self.library), "CHAOS_CLOCK": str(self.file)}

    def jump(self, pid: int, seconds: int) -> None:
        """Have the process see a wall clock that is so many seconds ahead of the machine's."""
        with self.file.open("r+b", buffering=0) as file:
            os.pwrite(file.fileno(), struct.pack(FORMAT, pid, seconds), 0)


def worker_clock(folder: Path) -> WorkerClock | None:
    """Compiled in a folder; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    clock = WorkerClock(folder / "clock.so", folder / "clock")
    clock.file.write_bytes(struct.pack(FORMAT, 0, 0))
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", clock.library, SOURCE, "-ldl"], check=True)
    return clock
