"""Which process a run runs in, as a tag of the run says."""

from collections.abc import Mapping
from typing import Final

from dagster._core.storage.tags import HIDDEN_TAG_PREFIX

from deploy_pipeline.warm.identity import Worker, supported

WORKER_TAG: Final = f"{HIDDEN_TAG_PREFIX}deploy-pipeline-worker"
PROCESS_TAG: Final = f"{HIDDEN_TAG_PREFIX}deploy-pipeline-process"
"""The process of a run that nobody launched: it is known before the run has an id."""


def worker_named(run_id: str, tags: Mapping[str, str]) -> Worker | None:
    """The warm worker of a run. A run that repeats another one may carry the tag of that one, too."""
    worker = Worker.from_text(tags.get(WORKER_TAG, ""))
    return worker if worker is not None and worker.run_id == run_id else None


def here() -> dict[str, str]:
    """The tags of a run that is made and executed by this process."""
    return {PROCESS_TAG: Worker.here("").text()} if supported() else {}


def process_named(tags: Mapping[str, str]) -> Worker | None:
    """The process that made and executes a run; it counts for no run that was launched, as one that repeats it is."""
    return Worker.from_text(tags.get(PROCESS_TAG, ""))
