"""The work folder of a stack: its files laid out for Terraform, and those that only the owner may read."""

import json
import os
import shutil
from glob import glob
from pathlib import Path, PurePosixPath

from deploy_pipeline.core.errors import DeployError

OWNER_ONLY_FOLDER = 0o700
OWNER_ONLY_FILE = 0o600
UNSAVED_STATE = "errored.tfstate"
TREE = "checkout"
STACK = "stack"
NOT_COPIED_NAMES = (".terraform", "*.tfstate", "*.tfstate.*", ".git", "crash.log")
NOT_COPIED = shutil.ignore_patterns(*NOT_COPIED_NAMES)


def lay_out(work: Path, directory: str, source: Path) -> Path:
    """Copy the stack `directory` below `work` and give its folder there.

    What lies beside it in the checkout is linked, so that `../modules/...` and the like lead where they should.
    """
    parts = PurePosixPath(directory).parts
    there = _checkout_of(source.resolve(), parts)
    _keep_unsaved_state(work)
    work.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
    work.chmod(OWNER_ONLY_FOLDER)
    here = work / TREE
    if here.exists():
        shutil.rmtree(here)
    for part in parts:
        _link_all_but(part, there, here)
        here, there = here / part, there / part
    shutil.copytree(there, here, symlinks=True, ignore=NOT_COPIED)
    _let_owner_write(here)
    (work / STACK).unlink(missing_ok=True)
    (work / STACK).symlink_to(here.relative_to(work))
    return here


def stack_in(work: Path) -> Path:
    """Where `lay_out` put the stack. Raises DeployError when it did not."""
    link = work / STACK
    if not link.is_dir():
        raise DeployError("nothing was planned here", where=str(work), todo="plan the stack first, on this machine")
    return link.resolve()


def unsaved_state(work: Path) -> Path | None:
    """The state that a failed apply could not write to the backend, if there is one."""
    file = work / STACK / UNSAVED_STATE
    return file if file.exists() else None


def write_private(file: Path, text: str) -> None:
    """Write a file that only the owner may read, in place of whatever was there; a link is not followed."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, OWNER_ONLY_FILE)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(text)


def texts_of(name: str) -> list[str]:
    """The texts of the files that a name with wildcards stands for, in their order."""
    paths = [Path(found) for found in sorted(glob(name))]  # noqa: PTH207  (absolute)
    return [path.read_text(errors="replace") for path in paths if path.is_file()]


def check_backend(stack: Path) -> None:
    """Refuse a stack whose state would stay in its work folder: the next deployment would create everything again."""
    file = stack / ".terraform" / "terraform.tfstate"
    kind = json.loads(file.read_text()).get("backend", {}).get("type") if file.is_file() else None
    if kind != "s3":
        what = f"the stack's backend is {kind or 'not declared'}: its state would not be in S3"
        raise DeployError(what, where=stack.name, todo='add `terraform { backend "s3" {} }` to the stack')


def locks_provider(stack: Path, name: str) -> bool:
    """Whether the stack or a module of it uses the provider `namespace/type`, as its lock file says after init."""
    file = stack / ".terraform.lock.hcl"
    return file.is_file() and f'/{name}"' in file.read_text()


def mirrored_providers(mirror: Path) -> list[str]:
    """The providers (`host/namespace/type`) of a filesystem mirror. Raises DeployError when there are none."""
    found = sorted(p.relative_to(mirror).as_posix() for p in mirror.glob("*.*/*/*") if p.is_dir())
    if not found:
        todo = "fill it with `terraform providers mirror`, or unset DEPLOY_PIPELINE_TERRAFORM_MIRROR"
        raise DeployError("the provider mirror has no providers", where=str(mirror), todo=todo)
    return found


def _checkout_of(source: Path, parts: tuple[str, ...]) -> Path:
    """The root of the checkout, when `source` is that or the stack's folder in it."""
    if source.joinpath(*parts).is_dir():
        return source
    if parts and source.is_dir() and source.parts[-len(parts) :] == parts:
        return source.parents[len(parts) - 1]
    what = f"the commit has no folder {'/'.join(parts)}"
    raise DeployError(what, where=str(source), todo="correct the stack's `directory` in the spec")


def _link_all_but(name: str, there: Path, here: Path) -> None:
    here.mkdir()
    for entry in there.iterdir():
        if entry.name != name:
            (here / entry.name).symlink_to(entry)


def _let_owner_write(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o700 if path.is_dir() else OWNER_ONLY_FILE))


def _keep_unsaved_state(work: Path) -> None:
    if file := unsaved_state(work):
        todo = f"run `terraform state push {UNSAVED_STATE}` in {file.parent}, check the state, then remove the file"
        raise DeployError("an earlier apply here left a state that is not saved", where=str(file), todo=todo)
