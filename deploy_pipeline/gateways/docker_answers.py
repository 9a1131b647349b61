"""What the Docker engine's streams of events come to: an image, a digest, or an error."""

from collections import deque
from collections.abc import Callable, Iterator

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.docker_errors import LINES_SHOWN, STEP, build_failure, push_failure
from deploy_pipeline.gateways.docker_stream import Event, said


def image_of(events: Iterator[Event], on_line: Callable[[str], None], where: str) -> str:
    """The id of the image that a build makes. Raises DeployError with the failing step and its last output."""
    step, output, image_id = "", deque[str](maxlen=LINES_SHOWN), ""
    for event in events:
        for line in said(event):
            on_line(line)
            if STEP.match(line):
                step = line
                output.clear()
            else:
                output.append(line)
        if "error" in event:
            raise build_failure(str(event["error"]), step, output, where)
        image_id = str((event.get("aux") or {}).get("ID", image_id))
    if not image_id:
        raise build_failure("the engine ended the build without an image", step, output, where)
    return image_id


def digest_of(events: Iterator[Event], where: str) -> str:
    """The digest of the manifest that a push leaves. Raises DeployError where it was refused."""
    digest = ""
    for event in events:
        if "error" in event:
            raise push_failure(str(event["error"]), where)
        digest = str((event.get("aux") or {}).get("Digest", digest))
    if not digest:
        raise DeployError("the engine ended the push without a digest", where=where, todo="push again", retryable=True)
    return digest


def pulled_of(events: Iterator[Event], where: str) -> None:
    """Read a pull to its end. Raises DeployError where it was refused."""
    for event in events:
        if "error" in event:
            raise push_failure(str(event["error"]), where)
