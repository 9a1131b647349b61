"""What on this machine decides which packages pip takes: its settings, and the files that they name."""

import configparser
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.gateways.tree_entries import sha256_of

CONFIG_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
NAMING = ("constraint", "build-constraint", "requirement", "find-links")
"""The options whose values are files and folders, or addresses, which are taken as they are written."""


def pip_settings(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Every setting, and the SHA-256 of every file that holds or is named by one; of a folder, of its list."""
    named = environment.get("PIP_CONFIG_FILE")
    prefix = str(Path(python).parent.parent / "pip.conf")
    files = [Path(name).expanduser() for name in (*CONFIG_FILES, prefix, *([named] if named else []))]
    read = {str(file): sha256_of(file) for file in files if file.is_file()}
    pip = {name: value for name, value in environment.items() if name.startswith("PIP_")}
    values = [pip.get("PIP_" + option.upper().replace("-", "_"), "") for option in NAMING]
    values += [value for file in read for value in _naming(Path(file))]
    return read | pip | _contents(word for value in values for word in value.split())


def _naming(file: Path) -> list[str]:
    """The values in a configuration file that name others. One that cannot be parsed ends pip itself."""
    config = configparser.RawConfigParser(strict=False)
    try:
        config.read(file)
    except (configparser.Error, UnicodeDecodeError):
        return []
    return [value for section in config.sections() for option, value in config.items(section)
            if option.replace("_", "-") in NAMING]  # fmt: skip


def _contents(words: Iterable[str]) -> dict[str, str]:
    # Path.expanduser would raise for a user who does not exist.
    paths = {word: Path(os.path.expanduser(word.removeprefix("file://"))) for word in words}  # noqa: PTH111
    files = {f"contents of {word}": sha256_of(path) for word, path in paths.items() if path.is_file()}
    folders = {f"contents of {word}": _listed(path) for word, path in paths.items() if path.is_dir()}
    return files | folders


def _listed(folder: Path) -> str:
    """Of wheels and archives, the name says the version; the size, what was replaced under the same name."""
    names = sorted(f"{path.name} {path.stat().st_size}" for path in folder.iterdir() if path.is_file())
    return sha256("\n".join(names).encode()).hexdigest()
