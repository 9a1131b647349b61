"""What on this machine decides which packages pip takes: its settings, and the files that they name."""

import configparser
import os
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path

from deploy_pipeline.core.function_key import IN_DOUBT, requirements_doubt
from deploy_pipeline.gateways.tree_entries import sha256_of

CONFIG_FILES = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
LISTS = ("constraint", "build-constraint", "requirement")
"""The options whose values are files of requirements."""
FOLDERS = "find-links"
"""The option whose values are folders, or addresses, which are taken as they are written: as an index is."""


def pip_settings(python: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Every setting, and the SHA-256 of every file that holds or is named by one; of a folder, of its list.

    Under `IN_DOUBT` it says what else there is that cannot be known.
    """
    given = environment.get("PIP_CONFIG_FILE")
    prefix = str(Path(python).parent.parent / "pip.conf")
    files = [Path(name).expanduser() for name in (*CONFIG_FILES, prefix, *([given] if given else []))]
    read = {str(file): sha256_of(file) for file in files if file.is_file()}
    pip = {name: value for name, value in environment.items() if name.startswith("PIP_")}
    named = [(option, pip.get("PIP_" + option.upper().replace("-", "_"), "")) for option in (*LISTS, FOLDERS)]
    named += [each for file in read for each in _naming(Path(file))]
    words = [(option, word) for option, value in named for word in value.split()]
    doubts = [doubt for option, word in words if option in LISTS and (doubt := _doubt(word))]
    return read | pip | _contents(word for _, word in words) | ({IN_DOUBT: doubts[0]} if doubts else {})


def _naming(file: Path) -> list[tuple[str, str]]:
    """The options in a configuration file that name others. One that cannot be parsed ends pip itself."""
    config = configparser.RawConfigParser(strict=False)
    try:
        config.read(file)
    except (configparser.Error, UnicodeDecodeError):
        return []
    items = [item for section in config.sections() for item in config.items(section)]
    named = [(option.replace("_", "-"), value) for option, value in items]
    return [(option, value) for option, value in named if option in (*LISTS, FOLDERS)]


def _doubt(word: str) -> str:
    """Why a file of requirements may be another one tomorrow, or names others; "" where it does not."""
    path = _path(word)
    if path.is_file():
        return requirements_doubt(path.read_text(errors="replace"), word)
    return f"pip takes {word}, which lies elsewhere" if "://" in word else ""


def _path(word: str) -> Path:
    # Path.expanduser would raise for a user who does not exist.
    return Path(os.path.expanduser(word.removeprefix("file://")))  # noqa: PTH111


def _contents(words: Iterable[str]) -> dict[str, str]:
    paths = {word: _path(word) for word in words}
    files = {f"contents of {word}": sha256_of(path) for word, path in paths.items() if path.is_file()}
    folders = {f"contents of {word}": _listed(path) for word, path in paths.items() if path.is_dir()}
    return files | folders


def _listed(folder: Path) -> str:
    """Of wheels and archives, the name says the version; size and time, what was replaced under the same name."""
    found = [(path.name, path.stat()) for path in folder.iterdir() if path.is_file()]
    names = sorted(f"{name} {stat.st_size} {stat.st_mtime_ns}" for name, stat in found)
    return sha256("\n".join(names).encode()).hexdigest()
