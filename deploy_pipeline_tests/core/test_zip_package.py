"""Lambda packages: the same files give the same bytes; files that would not be safe give none."""

import io
import stat
import zipfile
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.zip_package import code_sha256, package_sha256, zip_bytes

FILES = {"handler.py": (b"def handler(event, context): ...\n", False), "bin/run": (b"#!/bin/sh\n", True)}
KNOWN = (
    "504b03041400000008000000210000000000020000000000000001000000610300504b010214031400000008000000210000"
    "0000000200000000000000010000000000000000000000a4810000000061504b050600000000010001002f00000021000000"
    "0000"
)
KNOWN_HEX = "bd11ed205ba5c5418fcdd87844b3385211abaac38ebaeba3981d2019c24e0946"
KNOWN_BASE64 = "vRHtIFulxUGPzdh4RLM4UhGrqsOOuuujmB0gGcJOCUY="
NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\", exclude_categories=["Cc"]), min_size=1, max_size=8
)
PATHS = st.lists(NAMES.filter(lambda name: name not in (".", "..") and name[1:2] != ":"), min_size=1, max_size=3)


def test_zip_bytes_whole_archive() -> None:
    with zipfile.ZipFile(io.BytesIO(zip_bytes(FILES))) as archive:
        assert archive.testzip() is None
        entries = [
            (info.filename, archive.read(info), stat.filemode(info.external_attr >> 16), info.date_time, info.extra)
            for info in archive.infolist()
        ]
    assert entries == [
        ("bin/run", b"#!/bin/sh\n", "-rwxr-xr-x", (1980, 1, 1, 0, 0, 0), b""),
        ("handler.py", b"def handler(event, context): ...\n", "-rw-r--r--", (1980, 1, 1, 0, 0, 0), b""),
    ]


def test_zip_bytes_known_bytes() -> None:
    package = zip_bytes({"a": (b"", False)})
    assert package.hex() == KNOWN
    assert package_sha256(package) == KNOWN_HEX
    assert code_sha256(package) == KNOWN_BASE64


@given(st.dictionaries(PATHS.map("/".join), st.tuples(st.binary(max_size=50), st.booleans()), min_size=1, max_size=5))
def test_zip_bytes_order_does_not_matter(files: dict[str, tuple[bytes, bool]]) -> None:
    if _is_both_file_and_folder(files):
        with pytest.raises(DeployError, match="is a file and a folder"):
            zip_bytes(files)
        return
    package = zip_bytes(files)
    assert package == zip_bytes(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {name: files[name][0] for name in files}


def _is_both_file_and_folder(files: Mapping[str, object]) -> bool:
    return any(other.startswith(f"{path}/") for path in files for other in files)


def test_zip_bytes_executable_changes_the_hash() -> None:
    assert zip_bytes({"a": (b"x", True)}) != zip_bytes({"a": (b"x", False)})


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../a", "a/../b", "a/..", ".", "./a", "a//b", "a/", "a\\b", "C:/a", "a\0b", "a\nb", "\ud800",
     "a/" * 3000 + "b"],
)  # fmt: skip
def test_zip_bytes_refuses_path(path: str) -> None:
    with pytest.raises(DeployError) as refused:
        zip_bytes({path: (b"", False)})
    assert str(refused.value) == (
        f"function package: the package cannot be made: {path!r} is not a relative path inside it\n"
        "What to do: use relative paths with / between folders"
    )


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "there are no files in it\nWhat to do: name the folder with the function's code"),
        ({"a/b": (b"", False), "a": (b"", False)}, "'a' is a file and a folder\nWhat to do: rename one of them"),
    ],
)
def test_zip_bytes_refuses_files(files: dict[str, tuple[bytes, bool]], message: str) -> None:
    with pytest.raises(DeployError) as refused:
        zip_bytes(files)
    assert str(refused.value) == f"function package: the package cannot be made: {message}"
