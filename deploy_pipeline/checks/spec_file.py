"""Reads the head's deploy.yaml for its check. Only a file of the tree itself: a link could lead anywhere."""

from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.spec_file import assess_spec
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.spec_loader import MAX_BYTES

NAME = "deploy.yaml"


def check_spec(subject: Subject, bench: Bench) -> Assessment:
    """deploy.yaml itself: read as the deployment would read it."""
    file = Path(subject.head_tree) / NAME
    if file.is_symlink() or not file.is_file():
        return assess_spec(None, NAME)
    with file.open("rb") as handle:
        # One byte more than allowed is enough to see that it is too large.
        return assess_spec(handle.read(MAX_BYTES + 1), NAME)
