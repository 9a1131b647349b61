"""The folder that an image is built of: what Docker's SDK reads of it on this machine, whoever wrote it."""

import os
import stat
from pathlib import Path

from deploy_pipeline.core import dockerignore
from deploy_pipeline.core.content_key import Tree
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.tree_entries import tree_of

IGNORE_FILE = ".dockerignore"


def dockerfile_in(context: Path, dockerfile: str, where: str) -> str:
    """`dockerfile` as the SDK wants it. Raises DeployError where it is no file of the context."""
    root = Path(os.path.realpath(context))
    file = Path(os.path.realpath(root / dockerfile))
    if not file.is_relative_to(root):
        raise DeployError(
            f"{dockerfile} leaves the build context", where=where, todo="move the Dockerfile into the context"
        )
    if not file.is_file():
        raise DeployError(
            f"{context.name} has no {dockerfile}", where=where, todo="correct `context` or `dockerfile` of the image"
        )
    return file.relative_to(root).as_posix()


def check_dockerignore(context: Path, where: str) -> None:
    """Raises DeployError for a `.dockerignore` that the SDK should not read: it follows links and knows no limit."""
    file = context / IGNORE_FILE
    if not os.path.lexists(file):
        return
    if not stat.S_ISREG(file.lstat().st_mode):
        raise _refused("is a link or no regular file", where)
    with file.open("rb") as opened:
        content = opened.read(dockerignore.LARGEST_BYTES + 1)
    if why := dockerignore.refusal(content):
        raise _refused(why, where)


def sent_tree(context: Path, dockerfile: str) -> Tree:
    """What the SDK sends of `context` (a checked one) after its `.dockerignore`; `dockerfile` as `dockerfile_in` gives.

    The SDK itself chooses: whatever it makes of a pattern is what the engine gets. The engine then looks at
    `.dockerignore` again, which is always sent, to leave out that file and the Dockerfile.
    """
    from docker.utils.build import exclude_paths  # noqa: PLC0415  (takes long; most steps build nothing)

    root = os.path.realpath(context)
    ignore_file = Path(root, IGNORE_FILE)
    patterns = dockerignore.patterns(ignore_file.read_text()) if ignore_file.is_file() else []
    return tree_of(Path(root), exclude_paths(root, patterns, dockerfile=dockerfile))


def _refused(why: str, where: str) -> DeployError:
    return DeployError(f"{IGNORE_FILE} {why}", where=where, todo="write a file of short, plain patterns")
