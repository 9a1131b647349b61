"""safety 3.8: reports made by its own schema, and every other end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from deploy_pipeline.core.checks import safety
from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.pins import read_requirements
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_python_checks import SafetyCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished


def report(*vulnerabilities: dict[str, Any]) -> str:
    specification = {"raw": "jinja2==2.10", "vulnerabilities": {"known_vulnerabilities": list(vulnerabilities)}}
    dependency = {"name": "jinja2", "specifications": [specification]}
    file = {"location": "/checkout/0/requirements.txt", "results": {"dependencies": [dependency]}}
    return json.dumps({"meta": {}, "scan_results": {"projects": [{"id": "x", "files": [file]}]}})


FOUND = {"id": "36810", "vulnerable_spec": "<2.10.1"}
IGNORED = {"id": "1", "vulnerable_spec": "<9", "ignored": {"code": "manual", "reason": "x", "expires": None}}
FINDING = Finding(
    "36810", "jinja2: 36810, see https://data.safetycli.com/v/36810", path="r.txt", line=1, subject="jinja2"
)
HEAD = read_requirements({"r.txt": "jinja2==2.10"})


def test_the_key_is_not_on_the_command_line() -> None:
    assert safety.argv(PLACES, "/checkout") == (
        "/opt/tools/bin/safety", "--disable-optional-telemetry", "--stage", "cicd", "scan", "--target", "/checkout",
        "--output", "json",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (finished(report(FOUND, IGNORED), returncode=64), {"jinja2": ("36810",)}),
        (finished(report()), {"jinja2": ()}),
        (finished(report(), returncode=64), "safety found vulnerabilities and its report names none"),
        (finished("Safety 3.8 scanning", returncode=0), "the report of safety cannot be read"),
        (finished("{}", returncode=0), "the report of safety cannot be read"),
        (finished(returncode=65), "the account's key was refused"),
        (finished(returncode=1, stderr="a\nNameError"), "safety failed: NameError"),
        (finished(returncode=1), "safety failed: no output"),
        (Outcome("timed_out", None, report(), "", 1.0), "safety did not end in time"),
        (Outcome("out_of_memory", None, report(), "", 1.0), "safety was stopped"),
    ],
)
def test_read(outcome: Outcome, expected: safety.Vulnerabilities | str) -> None:
    assert safety.read(outcome) == expected


def test_assess() -> None:
    spec = SafetyCheck()
    assert safety.assess(spec, HEAD, {"jinja2": ("36810",)}, {}, ()) == Assessment(
        "failed", "1 new vulnerability in jinja2", (FINDING,)
    )
    assert safety.assess(spec, HEAD, {"jinja2": ("36810",)}, {"jinja2": ("36810",)}, ()) == Assessment(
        "passed", "1 requirement audited, no new vulnerability", (replace(FINDING, known=True, blocks=False),)
    )
    accepted = SafetyCheck(ignore=("36810",))
    assert safety.assess(accepted, HEAD, {"jinja2": ("36810",)}, {}, ()) == Assessment(
        "passed", "1 requirement audited, no new vulnerability"
    )
    loose = read_requirements({"r.txt": "flask"})
    assert safety.assess(spec, loose, {}, {}, ()).state == "not_audited"
