"""A folder on this machine with exactly the Terraform providers that the base branch locks, unpacked for boxes.

It is filled with trusted input only: names and versions out of the base branch's lock file, never the pull request's
files. Terraform itself fetches them and checks their signatures.
"""

import json
import os
import platform
import shutil
import zipfile
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks.provider_lock import Lock, LockedProvider, lock_text, required_providers
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.terraform_cli import LOCK_FILE
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.interruptions import TemporaryFolder
from deploy_pipeline.gateways.process import last_lines

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
FETCH_SECONDS = 600.0
READABLE, PROGRAM = 0o644, 0o755
KEY_CHARACTERS = 16


def provider_mirror(lock: Lock, bench: Bench) -> Path:
    """The folder, for boxes to mount. Raises DeployError when a provider cannot be had."""
    if given := bench.settings.provider_mirror:
        return _checked(Path(given), lock)
    return _fetched(lock, bench)


def target() -> str:
    """This machine as Terraform names it, such as `linux_amd64`."""
    return f"linux_{ARCHITECTURES.get(platform.machine(), platform.machine())}"


def _checked(mirror: Path, lock: Lock) -> Path:
    missing = [provider for provider in lock.values() if not _folder(mirror, provider).is_dir()]
    if missing:
        names = ", ".join(f"{provider.name} {provider.version}" for provider in missing)
        what = f"the provider mirror has no unpacked {names} for {target()}"
        todo = "unpack it there as <host>/<namespace>/<name>/<version>/<platform>/, or unset the mirror"
        raise DeployError(what, where=str(mirror), todo=todo)
    return mirror


def _folder(mirror: Path, provider: LockedProvider) -> Path:
    return mirror / provider.address / provider.version / target()


def _fetched(lock: Lock, bench: Bench) -> Path:
    key = sha256(lock_text(lock).encode()).hexdigest()[:KEY_CHARACTERS]
    mirror = bench.workspace.root / "providers" / key
    with file_lock(mirror.with_suffix(".lock"), bench.clock, FETCH_SECONDS):
        if not mirror.is_dir():
            with TemporaryFolder(dir=mirror.parent) as work:
                unpacked = _unpacked(_download(lock, bench, Path(work)), Path(work, "unpacked"))
                _checked(unpacked, lock)
                # Whole or not at all: a run that was stopped here leaves nothing that looks finished.
                unpacked.rename(mirror)
    return mirror


def _download(lock: Lock, bench: Bench, work: Path) -> Path:
    stack, packed = work / "stack", work / "packed"
    stack.mkdir()
    (stack / "main.tf.json").write_text(json.dumps(required_providers(lock)))
    (stack / LOCK_FILE).write_text(lock_text(lock))
    program = bench.settings.programs["terraform"]
    argv = (program, f"-chdir={stack}", "providers", "mirror", f"-platform={target()}", str(packed))
    done = bench.process.run(argv, timeout=FETCH_SECONDS, on_line=bench.on_line)
    if done.returncode != 0:
        said = last_lines(done.stderr or done.stdout)
        todo = "check that the provider registry can be reached, or set a provider mirror"
        raise DeployError(said, where="terraform providers mirror", todo=todo, retryable=True)
    return packed


def _unpacked(packed: Path, unpacked: Path) -> Path:
    """Unpacked, a provider is linked by Terraform, not copied into the little that a box can write."""
    unpacked.mkdir(mode=PROGRAM)
    for archive in sorted(packed.glob(f"*/*/*/terraform-provider-*_{target()}.zip")):
        version = archive.name.removesuffix(f"_{target()}.zip").rsplit("_", 1)[1]
        folder = unpacked / archive.parent.relative_to(packed) / version / target()
        shutil.unpack_archive(archive, folder)
        _let_boxes_run(archive, folder)
    for each, _, _ in os.walk(unpacked):
        Path(each).chmod(PROGRAM)
    return unpacked


def _let_boxes_run(archive: Path, folder: Path) -> None:
    """Unpacking forgets which files are programs; in a box they belong to somebody else."""
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            if not entry.is_dir():
                is_program = entry.filename.startswith("terraform-provider-")
                (folder / entry.filename).chmod(PROGRAM if is_program else READABLE)
