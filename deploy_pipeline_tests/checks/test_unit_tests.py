"""Unit tests run in one box, the merge base's in another, and the base's coverage is measured once."""

import json
from pathlib import Path

import pytest

from deploy_pipeline.checks.unit_tests import check_pytest
from deploy_pipeline.core.checks.assessment import Assessment, Table
from deploy_pipeline.core.isolation import Outcome, Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.web import HttpWeb
from deploy_pipeline_tests.checks.benches import BASE, HEAD, a_bench, a_subject, a_tree
from deploy_pipeline_tests.checks.codecov_double import codecov_double
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore

KEY = ("artifacts", f"validation/coverage/{BASE}.json")
TESTS = '<testsuites><testcase classname="t" name="a"/></testsuites>'


def covered(lines: int) -> bytes:
    return json.dumps({"totals": {"covered_lines": lines, "num_statements": 100}}).encode()


def stored(percent: float | None, targets: list[str] | None = None) -> bytes:
    content = {"coverage": percent, "targets": targets or ["tests"], "coverage_of": ["."], "arguments": []}
    return json.dumps(content).encode()


def boxes(head: int = 90, base: int | None = 95, ending: Outcome | None = None) -> FakeIsolation:
    """Tests that leave reports with this coverage; `ending` is how the base's run ends."""

    def run(call: BoxCall) -> Outcome:
        percent = base if call.setup.name == "pytest-base" else head
        isolation.files = {"/scratch/junit.xml": TESTS.encode(), "/scratch/coverage.xml": b"<coverage/>"}
        if percent is not None:
            isolation.files["/scratch/coverage.json"] = covered(percent)
        return ending if ending and call.setup.name == "pytest-base" else finished()

    isolation = FakeIsolation(run)
    return isolation


@pytest.fixture
def trees(tmp_path: Path) -> tuple[Path, Path]:
    return a_tree(tmp_path / "head", {"tests/x.py": ""}), a_tree(tmp_path / "base", {"tests/x.py": ""})


def test_the_coverage_of_the_base_is_measured_once_and_kept(trees: tuple[Path, Path]) -> None:
    store, isolation = FakeObjectStore(), boxes()
    first = check_pytest(a_subject(*trees), a_bench(isolation, object_store=store))
    assert (first.state, first.summary) == ("passed", "1 test passed; coverage 90 % (base: 95 %)")
    assert [(box.name, box.checkout, box.environment, box.base) for box in isolation.boxes] == [
        ("pytest", str(trees[0]), "environment", ""),
        ("pytest-base", str(trees[1]), "environment", ""),
    ]
    assert store.objects == {KEY: stored(95.0)}
    again = check_pytest(a_subject(*trees), a_bench(isolation, object_store=store))
    assert (again, len(isolation.boxes)) == (first, 3)


def test_a_drop_fails(trees: tuple[Path, Path]) -> None:
    subject = a_subject(*trees, checks={"pytest": {"maximum_coverage_drop": 1}})
    assessment = check_pytest(subject, a_bench(boxes(), object_store=FakeObjectStore({KEY: stored(92.0)})))
    assert assessment.state == "failed"
    assert assessment.summary == "coverage fell from 92 % to 90 %, more than 1 points"


@pytest.mark.parametrize(
    ("isolation", "store", "kept"),
    [
        (boxes(base=None), FakeObjectStore(), {KEY: stored(None)}),
        (boxes(), FakeObjectStore({KEY: stored(None)}), {KEY: stored(None)}),
        (boxes(base=None, ending=Outcome("timed_out", None, "", "", 1.0)), FakeObjectStore(), {}),
        (boxes(), FakeObjectStore(buckets=frozenset()), {}),
    ],
)
def test_an_unknown_base_never_fails(
    isolation: FakeIsolation, store: FakeObjectStore, kept: dict[tuple[str, str], bytes], trees: tuple[Path, Path]
) -> None:
    assessment = check_pytest(a_subject(*trees), a_bench(isolation, object_store=store))
    assert (assessment.state, assessment.facts["coverage_base"]) == ("passed", "unknown")
    assert store.objects == kept


@pytest.mark.parametrize("changed", ["requirements.txt", "base.in"])
def test_a_pull_request_that_changes_what_is_installed_keeps_nothing_for_others(
    trees: tuple[Path, Path], changed: str
) -> None:
    store = FakeObjectStore()
    a_tree(trees[0], {"requirements.txt": "-r base.in\n"})
    subject = a_subject(*trees, changed=changed, requirements=["requirements.txt"])
    assessment = check_pytest(subject, a_bench(boxes(), object_store=store))
    assert (assessment.facts["coverage_base"], store.objects) == (95.0, {})


def test_without_a_merge_base_only_the_head_runs(trees: tuple[Path, Path]) -> None:
    isolation = boxes()
    assert check_pytest(a_subject(trees[0]), a_bench(isolation)).facts["coverage_base"] == "unknown"
    assert [box.name for box in isolation.boxes] == ["pytest"]


def test_what_stands_in_the_way(trees: tuple[Path, Path]) -> None:
    nothing = a_bench(FakeIsolation(), prepared=Prepared("tools", "", "cannot be installed"))
    assert check_pytest(a_subject(trees[0]), nothing) == Assessment("failed", "cannot be installed")
    elsewhere = a_subject(trees[0], checks={"pytest": {"targets": ["spec"]}})
    assert check_pytest(elsewhere, a_bench(FakeIsolation())).state == "failed"
    stopped = FakeIsolation({"": Outcome("timed_out", None, "", "", 1.0)})
    expected = Assessment("failed", "it did not end within 15 minutes and was stopped")
    assert check_pytest(a_subject(*trees), a_bench(stopped)) == expected


def codecov_table(text: str) -> Table:
    return Table("Codecov", ("Upload",), ((text,),))


def test_codecov_is_asked_where_to_and_gets_the_report_there(trees: tuple[Path, Path]) -> None:
    with codecov_double() as codecov:
        bench = a_bench(boxes(), web=HttpWeb(SystemClock()), codecov_token="t0ken", codecov_url=codecov.url)
        assessment = check_pytest(a_subject(trees[0]), bench)
    assert assessment.tables[-1] == codecov_table(f"uploaded: {codecov.url}/result")
    query = f"commit={HEAD}&token=t0ken&branch=add-model&pr=7&slug=acme%2Fengagement-ml&service=custom"
    assert codecov.announced == [f"/upload/v4?{query}"]
    assert codecov.uploads == {"/put?signature=1": "<coverage/>\n<<<<<< EOF\n"}


NO_TARGET = "Codecov answered with something else than where to upload to"


@pytest.mark.parametrize(
    ("status", "answer", "said"),
    [
        (403, "t0ken is wrong", "Codecov refused the upload with status 403"),
        (200, "<html>", NO_TARGET),
        (200, "http://127.0.0.1/a\nfile:///etc/passwd", NO_TARGET),
    ],
)
def test_an_upload_that_fails_is_only_said(status: int, answer: str, said: str, trees: tuple[Path, Path]) -> None:
    with codecov_double(status, answer) as codecov:
        bench = a_bench(boxes(), web=HttpWeb(SystemClock()), codecov_token="t0ken", codecov_url=codecov.url)
        assessment = check_pytest(a_subject(trees[0]), bench)
    assert (assessment.state, assessment.tables[-1], codecov.uploads) == ("passed", codecov_table(said), {})


def test_an_unreachable_codecov_does_not_show_the_token(trees: tuple[Path, Path]) -> None:
    bench = a_bench(boxes(), codecov_token="t0ken", codecov_url="https://codecov.test")
    assessment = check_pytest(a_subject(trees[0]), bench)
    assert assessment.state == "passed"
    assert assessment.tables[-1] == codecov_table("the upload failed: no answer: connection refused")
