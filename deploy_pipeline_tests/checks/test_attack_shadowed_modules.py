"""Modules of a checkout with the names of what the tools import: none of them may run."""

from pathlib import Path

import pytest

from deploy_pipeline.checks import python_tools
from deploy_pipeline.core.checks.catalogue import tools_of
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree, quiet
from deploy_pipeline_tests.gateways.box_case import isolation as boxes
from deploy_pipeline_tests.samples import a_spec

pytestmark = pytest.mark.real

BAD = "import subprocess\nimport os\n\n\ndef run(a):\n    subprocess.call( a, shell=True )\n"
ENDS = "import os\n\nos._exit(0)\n"
NAMES = ("sitecustomize", "usercustomize", "json", "ast", "click", "pathspec", "pycodestyle", "stevedore", "yaml")


def test_no_module_of_the_checkout_stands_for_one_of_a_tool(tmp_path: Path) -> None:
    isolation = boxes(tmp_path / "work")
    bench = a_bench(
        isolation, prepared=Prepared(isolation.prepare_tools(tools_of(a_spec()), quiet)), clock=SystemClock()
    )
    files = {"app.py": BAD, "x.pth": ENDS, **{f"{name}.py": ENDS for name in NAMES}}
    subject = a_subject(a_tree(tmp_path / "tree", {**files, "encodings/__init__.py": ENDS}))
    checks = (python_tools.check_black, python_tools.check_isort, python_tools.check_flake8, python_tools.check_bandit)
    assert [check(subject, bench).state for check in checks] == ["failed"] * len(checks)
