"""Reading a file that untrusted code may have put there: follows no link, never blocks, and stops at a size."""

import os
import stat
from pathlib import Path


def scratch_file(path: str, scratch: Path, limit: int) -> bytes | None:
    """The regular file `path` below `scratch`, up to `limit` bytes; None for anything else."""
    if os.path.realpath(path) != path or not Path(path).is_relative_to(scratch):
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(limit + 1)
    return content if len(content) <= limit else None
