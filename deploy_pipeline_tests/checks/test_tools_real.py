"""The checks with the real tools, in real boxes, over small trees: what is clean passes, what is bad is found."""

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from deploy_pipeline.checks import python_tools
from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.dependencies import check_pip_audit
from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.catalogue import tools_of
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_isolation import DockerIsolation
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree, quiet, serving
from deploy_pipeline_tests.gateways.box_case import isolation as boxes
from deploy_pipeline_tests.samples import a_spec

pytestmark = pytest.mark.real

CLEAN = '"""Fine."""\n\nimport json\nimport os\n\n\ndef name() -> str:\n    return json.dumps(os.name)\n'
BAD = "import subprocess\nimport os\n\n\ndef run(a):\n    subprocess.call( a, shell=True )\n"
HOSTILE = "a:1:2: E999 x.py"
"""A file name that reads like a finding."""


@pytest.fixture(scope="module")
def isolation(tmp_path_factory: pytest.TempPathFactory) -> DockerIsolation:
    return boxes(tmp_path_factory.mktemp("work"))


@pytest.fixture(scope="module")
def prepared(isolation: DockerIsolation) -> Prepared:
    return Prepared(tools=isolation.prepare_tools(tools_of(a_spec()), quiet))


@pytest.fixture
def bench(isolation: DockerIsolation, prepared: Prepared) -> Bench:
    return a_bench(isolation, prepared=prepared, clock=SystemClock())


CHECKS: tuple[Callable[[Subject, Bench], Assessment], ...] = (
    python_tools.check_black,
    python_tools.check_isort,
    python_tools.check_flake8,
    python_tools.check_bandit,
)


def test_clean_code_passes(bench: Bench, tmp_path: Path) -> None:
    subject = a_subject(a_tree(tmp_path, {"app.py": CLEAN}))
    assert [(check(subject, bench).state, check.__name__) for check in CHECKS] == [
        ("passed", check.__name__) for check in CHECKS
    ]


def test_bad_code_is_found_with_its_file_and_line(bench: Bench, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {HOSTILE: BAD, "x\n/checkout/app.py": BAD, "deep/.bandit": "[bandit]\nskips: B602\n"})
    found = {check.__name__: check(a_subject(tree), bench) for check in CHECKS}
    assert {name: assessment.state for name, assessment in found.items()} == dict.fromkeys(found, "failed")
    places = {
        (name, finding.rule, finding.line)
        for name, assessment in found.items()
        for finding in assessment.findings
        if finding.path == HOSTILE
    }
    assert places == {
        ("check_black", "format", 6),
        ("check_isort", "order", 1),
        ("check_flake8", "F401", 2),
        ("check_flake8", "E201", 6),
        ("check_flake8", "E202", 6),
        ("check_bandit", "B404", 1),
        ("check_bandit", "B602", 6),
    }


def test_what_is_no_python_never_passes(bench: Bench, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"app.py": "def f(:\nimport (a\n"})
    (tree / "latin.py").write_bytes(b'import os\nx = "\xff"\n')
    assert [check(a_subject(tree), bench).state for check in CHECKS] == ["failed"] * len(CHECKS)


def test_bandit_knows_what_the_merge_base_has(bench: Bench, tmp_path: Path) -> None:
    base = a_tree(tmp_path / "base", {"app.py": BAD})
    head = a_tree(tmp_path / "head", {"app.py": f"\n\n{BAD}"})
    assessment = python_tools.check_bandit(a_subject(head, base), bench)
    assert (assessment.state, assessment.facts) == ("passed", {"found": 2, "new": 0, "lines": 4})


class Advisories(BaseHTTPRequestHandler):
    """An OSV service that knows of one vulnerability."""

    def do_POST(self) -> None:
        """One query."""
        query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        affected = [{"package": {"name": "jinja2", "ecosystem": "PyPI"}}]
        known = {"id": "PYSEC-2019-217", "aliases": ["CVE-2019-10906"], "summary": "escape", "affected": affected}
        answer = {"vulns": [known]} if (query["package"]["name"], query["version"]) == ("jinja2", "2.10") else {}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture
def advisories() -> Iterator[str]:
    with serving(Advisories) as url:
        yield url


def test_pip_audit_asks_a_service_of_this_machine(bench: Bench, advisories: str, tmp_path: Path) -> None:
    head = a_tree(tmp_path / "head", {"requirements.txt": "jinja2==2.10\nflask==1.0\n"})
    base = a_tree(tmp_path / "base", {"requirements.txt": "flask==1.0\n"})
    asking = a_bench(bench.isolation, prepared=bench.prepared, clock=bench.clock, advisory_url=advisories)
    assert check_pip_audit(a_subject(head, base), asking).summary == "1 new vulnerability in jinja2"
    assert check_pip_audit(a_subject(head, head), asking).state == "passed"
    assert check_pip_audit(a_subject(base), asking).summary == "1 requirement audited, no new vulnerability"


def test_pip_audit_without_a_service_is_not_a_pass(bench: Bench, tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"requirements.txt": "jinja2==2.10\n"})
    nobody = a_bench(bench.isolation, prepared=bench.prepared, clock=bench.clock, advisory_url="http://127.0.0.1:9")
    assert check_pip_audit(a_subject(tree), nobody).state == "not_audited"
