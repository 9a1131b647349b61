"""What a process that somebody else started uses, read from /proc while it lives."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
USER_TIME = 11  # of the fields after the command in /proc/<pid>/stat


@dataclass
class Usage:
    """The last that was seen of a process: its own CPU seconds (user and system, no children), its peak memory in kB.

    `find` gives its pid once that is known.
    """

    find: Callable[[], int | None]
    pid: int | None = None
    cpu_seconds: float = field(default=0.0)
    peak_kilobytes: int = 0

    def look(self) -> None:
        """Read it again; a process that has ended keeps what was last seen."""
        self.pid = self.pid or self.find()
        if self.pid is None:
            return
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        user, system = stat.rpartition(")")[2].split()[USER_TIME : USER_TIME + 2]
        found = PEAK.search(status)
        if found:  # a process that is ending has no memory any more
            self.cpu_seconds = (int(user) + int(system)) / TICKS
            self.peak_kilobytes = int(found[1])
