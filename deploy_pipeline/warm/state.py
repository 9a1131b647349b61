"""What a warm server hands to the one that replaces it, through a file that has no name."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True)
class Job:
    """The run that a worker executes, and the serialized reference of its instance."""

    run_id: str
    instance: str


@dataclass(frozen=True)
class Kept:
    """The listening socket, the run workers by pid, and the pid of the code server: all stay children."""

    listener: int
    jobs: dict[int, Job]
    code_server: int | None

    def pass_on(self) -> int:
        """Write it to a descriptor that the next program inherits, as it does the listener."""
        descriptor = os.memfd_create("warm-server")
        content = {**asdict(self), "jobs": {str(pid): asdict(job) for pid, job in self.jobs.items()}}
        os.write(descriptor, json.dumps(content).encode())
        os.lseek(descriptor, 0, os.SEEK_SET)
        for kept in (descriptor, self.listener):
            os.set_inheritable(kept, True)
        return descriptor

    @classmethod
    def from_descriptor(cls, descriptor: int) -> Self:
        """What `pass_on` wrote."""
        with os.fdopen(descriptor) as file:
            content = json.load(file)
        os.set_inheritable(content["listener"], False)
        jobs = {int(pid): Job(**job) for pid, job in content["jobs"].items()}
        return cls(content["listener"], jobs, content["code_server"])
