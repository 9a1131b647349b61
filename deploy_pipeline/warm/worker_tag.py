"""Which process a run runs in, as a tag of the run says."""

from collections.abc import Mapping
from typing import Final

from dagster._core.storage.tags import HIDDEN_TAG_PREFIX

from deploy_pipeline.warm.identity import Worker

WORKER_TAG: Final = f"{HIDDEN_TAG_PREFIX}deploy-pipeline-worker"


def worker_named(run_id: str, tags: Mapping[str, str]) -> Worker | None:
    """The warm worker of a run. A run that repeats another one may carry the tag of that one, too."""
    worker = Worker.from_text(tags.get(WORKER_TAG, ""))
    return worker if worker is not None and worker.run_id == run_id else None
