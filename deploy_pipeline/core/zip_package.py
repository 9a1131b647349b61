"""Makes a Lambda package: a zip whose bytes depend on its files alone. It does not choose the files."""

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError

_TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_REGULAR_FILE = 0o100000
_UNIX = 3
_VERSION = 20  # 2.0: deflate
_LEVEL = 9
_UNSAFE = ("", ".", "..")
_DRIVE = re.compile(r"[A-Za-z]:")
_UNWRITABLE = re.compile(r"[\x00-\x1f\\\ud800-\udfff]")
_LONGEST_PATH = 4096  # Linux's own limit, in bytes


def zip_bytes(files: Mapping[str, tuple[bytes, bool]]) -> bytes:
    """Zip `files`: relative path with `/` -> (content, executable). The same files give the same bytes.

    Sorted by path, every time 1980-01-01, modes 0644 and 0755, deflate level 9, no extra fields, no folders. The
    compressed bytes are zlib's: they are the same wherever the same zlib is used. Raises DeployError for no files, a
    path that is absolute or leaves the package, two paths that name the same file, and 4 GiB or more.
    """
    if not files:
        raise _refused("there are no files in it", "name the folder with the function's code")
    _check_paths(files)
    target = io.BytesIO()
    try:
        with zipfile.ZipFile(target, "w", allowZip64=False) as archive:
            for path in sorted(files):
                content, executable = files[path]
                archive.writestr(_entry(path, executable), content, zipfile.ZIP_DEFLATED, _LEVEL)
    except zipfile.LargeZipFile as error:
        raise _refused(f"it is too large ({error})", "leave out what the function does not need") from error
    return target.getvalue()


def package_sha256(package: bytes) -> str:
    """SHA-256 in hex, 64 characters."""
    return hashlib.sha256(package).hexdigest()


def code_sha256(package: bytes) -> str:
    """SHA-256 in base64, 44 characters, as Lambda's `CodeSha256`."""
    return base64.b64encode(hashlib.sha256(package).digest()).decode("ascii")


def _entry(path: str, executable: bool) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(path, _TIMESTAMP)
    info.create_system = _UNIX  # Python writes another value on Windows
    info.create_version = info.extract_version = _VERSION
    info.external_attr = (_REGULAR_FILE | (0o755 if executable else 0o644)) << 16
    return info


def _check_paths(files: Mapping[str, tuple[bytes, bool]]) -> None:
    for path in files:
        if not _is_safe(path):
            raise _refused(f"{path!r} is not a relative path inside it", "use relative paths with / between folders")
    folders = {path[:end] for path in files for end, character in enumerate(path) if character == "/"}
    clash = sorted(folders & files.keys())
    if clash:
        raise _refused(f"{clash[0]!r} is a file and a folder", "rename one of them")


def _is_safe(path: str) -> bool:
    if any(part in _UNSAFE for part in path.split("/")) or _DRIVE.match(path):
        return False
    # Python's zipfile cuts a name at NUL, turns a backslash into a folder on Windows and cannot write half a surrogate.
    return not _UNWRITABLE.search(path) and len(path.encode()) <= _LONGEST_PATH


def _refused(what: str, todo: str) -> DeployError:
    return DeployError(f"the package cannot be made: {what}", where="function package", todo=todo)
