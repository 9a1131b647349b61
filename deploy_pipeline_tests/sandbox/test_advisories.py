"""Which versions an advisory affects."""

import pytest
from packaging.version import Version

from deploy_pipeline.sandbox.advisories import Advisories, Advisory, in_range, published_advisories


@pytest.mark.parametrize(
    ("events", "affected", "spared"),
    [
        ([{"introduced": "0"}, {"fixed": "2.10.1"}], ["0.0.1.dev1", "2.9", "2.10.1rc1"], ["2.10.1", "2.10.1.post1"]),
        ([{"fixed": "2"}, {"introduced": "1"}], ["1", "1.0", "1.10"], ["0.9", "1.0rc1", "2.0"]),
        ([{"introduced": "1"}, {"last_affected": "1.5"}], ["1", "1.5.0"], ["1.5.1", "0.1"]),
        ([{"introduced": "0", "fixed": "1"}, {"introduced": "2"}, {"fixed": "3"}], ["0.1", "2.5"], ["1", "1.9", "3"]),
        ([{"introduced": "1"}], ["1", "9"], ["0.9"]),
        ([{"last_affected": "1"}, {"introduced": "1"}], ["1"], ["0.9", "2"]),
        ([{"introduced": "0"}, {"introduced": "2"}, {"fixed": "2"}], ["1", "2", "3"], []),
        ([{"introduced": "0"}, {"limit": "*"}], ["1"], []),
        ([], [], ["1"]),
    ],
)
def test_in_range(events: list[dict[str, str]], affected: list[str], spared: list[str]) -> None:
    assert [version for version in [*affected, *spared] if in_range(Version(version), events)] == affected


@pytest.mark.parametrize(
    ("name", "version", "expected"),
    [
        ("jinja2", "2.10", ["PYSEC-2019-217"]),
        ("Jinja2", "2.10.1", []),
        ("PyYAML", "5.3.1", ["PYSEC-2021-142"]),
        ("pyyaml", "5.4", []),
        ("requests", "2.19.1", ["PYSEC-2018-28"]),
        ("requests", "2.20.0", []),
        ("idna", "3.6", ["PYSEC-2024-60"]),
        ("idna", "3.7", []),
        ("django", "1.0", []),
        ("idna", None, ["PYSEC-2024-60"]),
    ],
)
def test_published_advisories(name: str, version: str | None, expected: list[str]) -> None:
    found = published_advisories().of_package(name, Version(version) if version else None)

    assert [record["id"] for record in found] == expected


def test_of_package_looks_at_versions_of_pypi_only() -> None:
    record: Advisory = {
        "id": "X-1",
        "modified": "2026-01-01T00:00:00Z",
        "affected": [
            {"package": {"ecosystem": "npm", "name": "one"}, "ranges": [_range("ECOSYSTEM")]},
            {"package": {"ecosystem": "PyPI", "name": "two"}, "ranges": [_range("GIT")]},
            {"package": {"ecosystem": "PyPI", "name": "three"}},
        ],
    }
    advisories = Advisories((record,))

    assert [advisories.of_package(name, Version("1")) for name in ("one", "two", "three")] == [[], [], []]


def _range(kind: str) -> dict[str, object]:
    return {"type": kind, "events": [{"introduced": "0"}]}
