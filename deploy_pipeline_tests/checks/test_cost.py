"""The check over real plans. Infracost cannot be had here: a script stands in for it, in a real process."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy_pipeline.checks.bench import Bench, CheckSettings
from deploy_pipeline.checks.cost import check_cost
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.plan_access import PlanAccess
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline_tests.core.cost.plans import a_change, a_plan, real_plan
from deploy_pipeline_tests.core.cost.test_infracost_report import REPORT
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import SHA, a_spec

KEY = "ico-not-a-real-key"
CHANGES = real_plan("plan_of_changes.json")
# Answers as Infracost would, and refuses what Infracost must not see.
INFRACOST = f"""#!{sys.executable}
import json, os, pathlib, sys
assert sys.argv[1:] == ["breakdown", "--path", "plan.json", "--format", "json", "--no-color"], sys.argv
assert os.environ["INFRACOST_API_KEY"] == {KEY!r} and os.environ["HOME"] == os.getcwd()
assert not [name for name in os.environ if name.startswith(("AWS_", "GITHUB_"))]
assert os.listdir() == ["plan.json"] and json.load(open("plan.json"))["format_version"]
print("INFO Found Terraform plan JSON", file=sys.stderr)
print({json.dumps(REPORT)!r})
"""
FAILING = f"""#!{sys.executable}
import os, sys
sys.exit("Error: Invalid API Key " + os.environ["INFRACOST_API_KEY"])
"""


class NoPlanAccess(PlanAccess):
    """Access that nobody asks for."""

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        raise AssertionError("a price needs no credentials")

    def emulator(self) -> str | None:
        return None


def a_bench(folder: Path, infracost: str = "", key: str | None = KEY) -> Bench:
    program = folder / "infracost"
    program.write_text(infracost)
    program.chmod(0o700)
    return Bench(
        settings=CheckSettings({"infracost": str(program)} if infracost else {}, infracost_key=key),
        isolation=FakeIsolation(),
        prepared=Prepared(),
        workspace=Workspace(folder),
        docker_engine=FakeDockerEngine(),
        object_store=FakeObjectStore(),
        plan_access=NoPlanAccess(),
        process=LocalProcess(environment=os.environ, clock=SystemClock()),
        web=FakeWeb(),
        clock=SystemClock(),
        on_line=print,
    )


def a_subject(region: str = "us-east-1") -> Subject:
    spec = a_spec(aws={"region": region, "artifact_bucket": "artifacts", "ledger_bucket": "ledger"})
    return Subject("acme/ml", SHA, SHA, "", "", spec, (), authorised=True)


def test_without_infracost_the_price_sheet_is_used(tmp_path: Path) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path), {"main": CHANGES})
    assert result.state == "passed"
    assert result.summary == "$155.81 a month (+$113.52) by price sheet 2025-03-02; 2 resources depend on use"
    assert result.facts == {
        "monthly_before": 42.29,
        "monthly_after": 155.81,
        "monthly_difference": 113.52,
        "source": "price sheet 2025-03-02",
    }
    assert result.tables[1].rows[0] == (
        "main", "aws_ecs_service.this", "$36.04", "$144.16", "+$108.12", "2 × 2 vCPU, 4 GB",
    )  # fmt: skip


def test_several_stacks_are_added_up(tmp_path: Path) -> None:
    plans = {"main": CHANGES, "other": real_plan("plan_of_new_resources.json")}
    result = check_cost(a_subject(), a_bench(tmp_path), plans)
    assert (result.state, result.findings[0].rule) == ("failed", "cost-increase")
    assert result.facts["monthly_difference"] == 2611.91


def test_infracost_is_used_where_it_is_configured(tmp_path: Path) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path, INFRACOST), {"main": CHANGES})
    assert result.summary == ("$742.64 a month (+$182.00) by Infracost; 1 resource depends on use, 2 are not priced")
    assert (result.state, result.facts["source"]) == ("passed", "Infracost")
    assert [(report.name, json.loads(report.content)) for report in result.reports] == [("infracost-main.json", REPORT)]


def test_without_a_key_infracost_is_not_run(tmp_path: Path) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path, FAILING, key=None), {"main": CHANGES})
    assert result.facts["source"] == "price sheet 2025-03-02"


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (FAILING, "Error: Invalid API Key ***"),
        (f"#!{sys.executable}\nprint('hello')", "its report has an unexpected form (JSONDecodeError)"),
        (f"#!{sys.executable}\nimport sys; sys.exit(3)", "it said nothing"),
        ("#!/no/such/interpreter\n", "cannot run "),
    ],
)
def test_when_infracost_fails_the_price_sheet_is_used(tmp_path: Path, program: str, said: str) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path, program), {"main": CHANGES})
    assert (result.state, result.facts["source"]) == ("passed", "price sheet 2025-03-02")
    assert f"; Infracost failed: {said}" in result.summary
    assert KEY not in repr(result)


def test_another_region_is_named(tmp_path: Path) -> None:
    result = check_cost(a_subject("eu-west-1"), a_bench(tmp_path), {"main": CHANGES})
    title = "Monthly cost by price sheet 2025-03-02; prices of us-east-1, but there is eu-west-1"
    assert result.tables[0].title == title


def test_without_a_plan_nothing_is_known(tmp_path: Path) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path), {}, why_none="there was no role to plan with")
    assert (result.state, result.summary) == ("not_audited", "there was no role to plan with")


@pytest.mark.parametrize("plan", [b"", b"{", b"[" * 100_000, a_plan(1), a_plan(errored=True), bytes(33 * 2**20)])
@pytest.mark.parametrize("infracost", ["", INFRACOST])
def test_a_plan_that_cannot_be_read_never_passes(tmp_path: Path, plan: bytes, infracost: str) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path, infracost), {"main": CHANGES, "worse": plan})
    assert result.state == "not_audited"
    assert result.summary.startswith("the plan of worse cannot be priced: ")


def test_a_plan_of_unknown_types_never_passes(tmp_path: Path) -> None:
    result = check_cost(a_subject(), a_bench(tmp_path), {"main": a_plan(a_change("aws_new_thing", {}))})
    assert result.state == "not_audited"
