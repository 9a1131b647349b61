"""mypy and pytest in a real environment and real boxes, over small trees and over tests that cheat."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.python_tools import check_mypy
from deploy_pipeline.checks.unit_tests import check_pytest
from deploy_pipeline.core.checks.catalogue import environment_packages, tools_of
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline_tests.checks.benches import BASE, a_bench, a_subject, a_tree, quiet
from deploy_pipeline_tests.checks.wheel_index import IN_BOX, wheel_index
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.gateways.box_case import isolation as boxes
from deploy_pipeline_tests.samples import a_spec

pytestmark = pytest.mark.real

APP = "def one() -> int:\n    return 1\n\n\ndef two() -> int:\n    return 2\n"
GOOD = "import app\n\n\ndef test_one():\n    assert app.one() == 1\n\n\ndef test_two():\n    assert app.two() == 2\n"
BAD = "import app\n\n\ndef test_one():\n    assert app.one() == 3\n"
ONE = "import app\n\n\ndef test_one():\n    assert app.one() == 1\n"
MEASURED: dict[str, Any] = {"pytest": {"coverage_of": ["app"]}}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    packages = environment_packages(a_spec())
    tools = boxes(tmp_path_factory.mktemp("tools")).prepare_tools(tools_of(a_spec()), quiet)
    with wheel_index(tmp_path_factory.mktemp("index"), packages) as index:
        isolation = boxes(
            tmp_path_factory.mktemp("work"),
            environment={"PIP_INDEX_URL": f"http://{IN_BOX}/simple"},
            index_hosts=(),
            index_redirects={IN_BOX: index},
        )
        environment = isolation.prepare_environment(tools, packages, {}, quiet)
        yield a_bench(isolation, prepared=Prepared(tools, environment), clock=SystemClock())
    # Kept by a pipeline for its next run; this one has no next run.
    with closing(docker.APIClient(version="auto")) as engine:
        engine.remove_volume(environment, force=True)


def test_mypy(bench: Bench, tmp_path: Path) -> None:
    clean = a_tree(tmp_path / "clean", {"app.py": APP})
    assert check_mypy(a_subject(clean), bench).state == "passed"
    # A module of the checkout that has mypy's name is not mypy.
    bad = a_tree(tmp_path / "bad", {"app.py": 'x: int = ""\n', "mypy/__main__.py": "", "json.py": "raise SystemExit\n"})
    assessment = check_mypy(a_subject(bad), bench)
    assert (assessment.state, [(each.path, each.line, each.rule) for each in assessment.findings]) == (
        "failed",
        [("app.py", 1, "assignment")],
    )
    (bad / "latin.py").write_bytes(b'x = "\xff"\n')
    assert check_mypy(a_subject(bad), bench).state == "failed"


def test_tests_pass_with_their_coverage_against_the_base(bench: Bench, tmp_path: Path) -> None:
    head = a_tree(tmp_path / "head", {"app/__init__.py": APP, "tests/test_app.py": GOOD})
    base = a_tree(tmp_path / "base", {"app/__init__.py": APP, "tests/test_app.py": ONE})
    store = FakeObjectStore()
    asking = a_bench(bench.isolation, prepared=bench.prepared, clock=bench.clock, object_store=store)
    assessment = check_pytest(a_subject(head, base, checks=MEASURED), asking)
    assert assessment.summary == "2 tests passed; coverage 100 % (base: 75 %)"
    assert [report.name for report in assessment.reports] == ["junit.xml", "coverage.json", "coverage.xml"]
    assert list(store.objects) == [("artifacts", f"validation/coverage/{BASE}.json")]


@pytest.mark.parametrize(
    ("files", "summary"),
    [
        ({"tests/test_app.py": BAD}, "1 of 1 test failed; coverage 75 % is below 85 %"),
        ({"tests/nothing.py": ""}, "no tests were found"),
        ({"tests/test_app.py": "import nosuchmodule\n"}, "1 of 1 test failed"),
        ({"tests/test_app.py": GOOD, "tests/conftest.py": "import os\nos._exit(0)\n"}, "the tests left no readable"),
        ({"tests/test_app.py": ONE}, "coverage 75 % is below 85 %"),
    ],
)
def test_everything_else_fails(files: dict[str, str], summary: str, bench: Bench, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"app/__init__.py": APP, **files})
    assessment = check_pytest(a_subject(tree, checks=MEASURED), bench)
    assert (assessment.state, assessment.summary[: len(summary)]) == ("failed", summary)


def test_a_failure_has_its_file_and_line(bench: Bench, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"app/__init__.py": APP, "tests/test_app.py": BAD})
    (finding,) = check_pytest(a_subject(tree, checks=MEASURED), bench).findings
    assert (finding.path, finding.line, finding.subject) == ("tests/test_app.py", 4, "tests.test_app::test_one")
