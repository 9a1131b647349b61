"""What decides which packages pip takes: whatever changes there is another package."""

import os
from pathlib import Path

import pytest

from deploy_pipeline.core.function_key import IN_DOUBT
from deploy_pipeline.gateways.pip_settings import pip_settings


def settings(folder: Path, **environment: str) -> dict[str, str]:
    return pip_settings(str(folder / "bin/python"), environment)


@pytest.mark.parametrize("option", ["PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "PIP_REQUIREMENT"])
def test_a_file_that_a_variable_names_counts_with_what_is_in_it(tmp_path: Path, option: str) -> None:
    file = tmp_path / "versions.txt"
    seen = []
    for text in ("urllib3<2", "urllib3<3"):
        file.write_text(text)
        seen.append(settings(tmp_path, **{option: f"https://example.com/c.txt {file}"}))
    assert seen[0] != seen[1]


def test_so_does_one_that_a_configuration_file_names(tmp_path: Path) -> None:
    constraints = tmp_path / "constraints.txt"
    (tmp_path / "pip.conf").write_text(f"[install]\nconstraint =\n    {constraints}\n[global]\nquiet = 1\n")
    seen = []
    for text in ("urllib3<2", "urllib3<3"):
        constraints.write_text(text)
        seen.append(settings(tmp_path))
    assert seen[0] != seen[1]


@pytest.mark.parametrize("text", ["-c other.txt\n", "--requirement more.txt\n", "a @ https://example.com/a.whl\n"])
def test_a_file_that_names_others_is_in_doubt(tmp_path: Path, text: str) -> None:
    file = tmp_path / "versions.txt"
    file.write_text(text)
    assert text.split(maxsplit=1)[0] in settings(tmp_path, PIP_CONSTRAINT=str(file))[IN_DOUBT]
    file.write_text("urllib3<2  # plain\n")
    assert IN_DOUBT not in settings(tmp_path, PIP_CONSTRAINT=str(file))


def test_a_list_at_an_address_is_in_doubt(tmp_path: Path) -> None:
    assert "https://example.com/c.txt" in settings(tmp_path, PIP_CONSTRAINT="https://example.com/c.txt")[IN_DOUBT]
    assert IN_DOUBT not in settings(tmp_path, PIP_FIND_LINKS="https://example.com/wheels")


def test_a_wheel_that_was_built_again_counts(tmp_path: Path) -> None:
    wheel = tmp_path / "wheels/a-1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"1")
    before = settings(tmp_path, PIP_FIND_LINKS=str(wheel.parent))
    wheel.write_bytes(b"2")
    os.utime(wheel, ns=(0, wheel.stat().st_mtime_ns + 1))
    assert settings(tmp_path, PIP_FIND_LINKS=str(wheel.parent)) != before


def test_a_folder_of_wheels_counts_with_its_list(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    before = settings(tmp_path, PIP_FIND_LINKS=f"file://{wheels}")
    (wheels / "urllib3-2.0-py3-none-any.whl").write_bytes(b"1")
    added = settings(tmp_path, PIP_FIND_LINKS=f"file://{wheels}")
    (wheels / "urllib3-2.0-py3-none-any.whl").write_bytes(b"22")
    assert len({str(each) for each in (before, added, settings(tmp_path, PIP_FIND_LINKS=f"file://{wheels}"))}) == 3


def test_the_same_again_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("no section")
    given = {"PIP_INDEX_URL": "https://example.com", "PIP_FIND_LINKS": "/nowhere", "HOME": "/root"}
    found = settings(tmp_path, **given)
    assert settings(tmp_path, **given) == found
    assert {"PIP_INDEX_URL", "PIP_FIND_LINKS"} <= set(found)
    assert "HOME" not in found
