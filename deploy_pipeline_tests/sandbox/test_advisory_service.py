"""The double of OSV over HTTP, asked as pip-audit and others ask it."""

from collections.abc import Iterator

import httpx
import pytest

from deploy_pipeline.sandbox.advisories import published_advisories
from deploy_pipeline_tests.sandbox.doubles_support import Clock, serving

INVALID = {"code": 3, "message": "Invalid query."}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("state"), Clock()) as site:
        yield f"{site}/osv/v1"


def package(name: str, version: str | None = None, ecosystem: str = "PyPI") -> dict[str, object]:
    query: dict[str, object] = {"package": {"name": name, "ecosystem": ecosystem}}
    return query if version is None else {**query, "version": version}


def test_query_gives_whole_records(api: str) -> None:
    # The text of JSON without a content type, as pip-audit sends it.
    answer = httpx.post(f"{api}/query", content=b'{"package": {"name": "idna", "ecosystem": "PyPI"}, "version": "3.6"}')

    assert (answer.status_code, answer.json()) == (200, {"vulns": [published_advisories().find("PYSEC-2024-60")]})


def test_query_is_answered_under_any_name_of_this_machine_and_nothing_else_is(api: str) -> None:
    headers = {"host": "advisories.internal"}
    query = package("idna", "3.6")

    assert httpx.post(f"{api}/query", json=query, headers=headers).json()["vulns"][0]["id"] == "PYSEC-2024-60"
    for path in ("/osv", "/osv/../slack/messages", "/osv/%2e%2e/slack/messages", "/slack/messages"):
        assert httpx.get(httpx.URL(api, raw_path=path.encode()), headers=headers).status_code in {404, 421}


@pytest.mark.parametrize("query", [package("idna", "3.7"), package("unknown", "1"), package("idna", "3.6", "npm")])
def test_query_is_answered_with_nothing_where_nothing_is_known(api: str, query: dict[str, object]) -> None:
    answer = httpx.post(f"{api}/query", json=query)

    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"package": {"name": "idna"}, "version": "3.6"}',
        b'{"package": {"name": "", "ecosystem": "PyPI"}}',
        b'{"package": {"name": "idna", "ecosystem": "PyPI"}, "version": "not a version"}',
        b'{"package": {"name": "idna", "ecosystem": "PyPI"}, "version": 3}',
        b'{"package": {"purl": "pkg:pypi/idna@3.6"}}',
        b'{"commit": "6879efc2c1596d11a6a6ad296f80063b558d5e0f"}',
        b"[" * 100_000,
        b'{"package": "\xff"}',
    ],
)
def test_bad_queries_are_refused(api: str, body: bytes) -> None:
    answer = httpx.post(f"{api}/query", content=body)

    assert (answer.status_code, answer.json()) == (400, INVALID)


def test_querybatch_gives_ids_in_the_order_of_the_queries(api: str) -> None:
    queries = [package("Jinja2", "2.10"), package("unknown", "1"), package("pyyaml")]

    answer = httpx.post(f"{api}/querybatch", json={"queries": queries})

    assert answer.json() == {
        "results": [
            {"vulns": [{"id": "PYSEC-2019-217", "modified": "2021-11-22T04:57:52.862665Z"}]},
            {},
            {"vulns": [{"id": "PYSEC-2021-142", "modified": "2021-08-27T03:22:18.913334Z"}]},
        ]
    }


@pytest.mark.parametrize(
    "batch", [{}, {"queries": [package("idna", "?")]}, {"queries": [package("idna", "3.6")] * 1001}]
)
def test_bad_batches_are_refused(api: str, batch: dict[str, object]) -> None:
    answer = httpx.post(f"{api}/querybatch", json=batch)

    assert (answer.status_code, answer.json()) == (400, INVALID)


def test_vulns_gives_one_record(api: str) -> None:
    assert httpx.get(f"{api}/vulns/PYSEC-2018-28").json() == published_advisories().find("PYSEC-2018-28")

    missing = httpx.get(f"{api}/vulns/PYSEC-0000-1")

    assert (missing.status_code, missing.json()) == (404, {"code": 5, "message": "Bug not found."})


def test_a_query_cannot_be_fetched(api: str) -> None:
    assert httpx.get(f"{api}/query").status_code == 405
