"""The infrastructure checks with the real programs, in real boxes, over small trees. No provider, hence no mirror."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.misconfiguration import check_trivy_config
from deploy_pipeline.checks.terraform import check_terraform_fmt, check_terraform_validate
from deploy_pipeline.checks.terraform_plan import check_terraform_plan
from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.subject import ChangedFile, Subject
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_isolation import DockerIsolation, IsolationSettings
from deploy_pipeline.sandbox.toolbox import cache_folder, toolbox_tools
from deploy_pipeline_tests.checks.benches import a_tree
from deploy_pipeline_tests.checks.infrastructure_case import (
    FILES,
    MODULE,
    STACK,
    SomePlanAccess,
    a_stack,
    an_infrastructure_bench,
)
from deploy_pipeline_tests.gateways.state_store import StateStore, state_store

pytestmark = pytest.mark.real

BUCKET = 'resource "aws_s3_bucket" "open" {}\n'
MAIN, NET = "terraform/main/main.tf", "terraform/main/net.tf"
STATE = """{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "a-b", "outputs": {}, "resources": [{
"module": "module.inner", "mode": "managed", "type": "terraform_data", "name": "%s",
"provider": "provider[\\"terraform.io/builtin/terraform\\"]", "instances": [{"schema_version": 0, "attributes": {
"id": "1", "input": {"value": "old", "type": "string"}, "output": {"value": "old", "type": "string"},
"triggers_replace": null}}]}]}"""


@pytest.fixture
def store() -> Iterator[StateStore]:
    with state_store("state") as server:
        yield server


def bench(work: Path, store: StateStore | None = None) -> Bench:
    trivy = cache_folder(os.environ) / toolbox_tools().folder_name / "bin" / "trivy"
    settings = IsolationSettings(host=None, base_image="python:3.11-slim-bookworm", build_network=None, work=work)
    ready = an_infrastructure_bench(
        DockerIsolation(settings, SystemClock()),
        access=SomePlanAccess(store.url.removeprefix("http://") if store else None),
        clock=SystemClock(),
        programs={"terraform": shutil.which("terraform") or "", "trivy": str(trivy)},
    )
    return replace(ready, prepared=Prepared())


def of(folder: Path, files: dict[str, str], **checks: Any) -> Subject:
    """The sample stack as the base, and these files over it as the head."""
    subject = replace(a_stack(folder / "head", **checks), base_tree=str(a_tree(folder / "base", FILES)))
    a_tree(folder / "head", files)
    lines = tuple(ChangedFile(path, "modified", ((1, 99),)) for path in files)
    return replace(subject, changes=lines)


def test_a_clean_tree_passes(tmp_path: Path) -> None:
    subject, ready = of(tmp_path, {}), bench(tmp_path / "work")
    assert check_terraform_fmt(subject, ready).state == "passed"
    assert check_terraform_validate(subject, ready).state == "passed"


def test_bad_terraform_fails_with_its_place(tmp_path: Path) -> None:
    module = MODULE.replace("input = var.input", "input = var.inputs")
    subject = of(tmp_path, {MAIN: STACK.replace("  source", " source"), "terraform/modules/inner/inner.tf": module})
    ready = bench(tmp_path / "work")
    formatted, valid = check_terraform_fmt(subject, ready), check_terraform_validate(subject, ready)
    assert (formatted.state, [each.path for each in formatted.findings]) == ("failed", [MAIN])
    places = [(each.path, each.line) for each in valid.findings]
    assert (valid.state, places) == ("failed", [("terraform/modules/inner/inner.tf", 4)])


def test_an_error_that_stops_init_is_told_by_its_place(tmp_path: Path, store: StateStore) -> None:
    subject, ready = of(tmp_path, {MAIN: STACK + "oops\n"}), bench(tmp_path / "work", store)
    valid, planned = check_terraform_validate(subject, ready), check_terraform_plan(subject, ready)
    told = f"{MAIN}:{STACK.count(chr(10)) + 1}: Argument or block definition required"
    assert (valid.state, valid.summary, planned.state, planned.summary) == ("failed", told, "failed", told)
    assert [(each.path, each.line) for each in planned.findings] == [(MAIN, STACK.count("\n") + 1)]


def test_a_provider_that_the_base_does_not_lock_is_not_run(tmp_path: Path) -> None:
    subject = of(tmp_path, {NET: 'data "external" "code" {\n  program = ["id"]\n}\n'})
    found = check_terraform_validate(subject, bench(tmp_path / "work"))
    assert (found.state, [each.subject for each in found.findings]) == ("failed", ["hashicorp/external"])


def test_trivy_blocks_what_is_new_and_shows_what_is_silenced(tmp_path: Path) -> None:
    subject = of(tmp_path, {NET: f"#trivy:ignore:AWS-0087\n{BUCKET}"})
    found = check_trivy_config(subject, bench(tmp_path / "work"))
    assert found.state == "failed"
    assert {"AWS-0086", "new-suppression"} <= {each.rule for each in found.findings}
    a_tree(tmp_path / "base", {NET: BUCKET})
    assert check_trivy_config(subject, bench(tmp_path / "work")).state == "passed"


def test_a_plan_reads_the_state_and_protects_what_is_in_it(tmp_path: Path, store: StateStore) -> None:
    protected = {"terraform_plan": {"protected_types": ["terraform_data"]}}
    store.objects["main.tfstate"] = (STATE % "store").encode()
    changed = check_terraform_plan(of(tmp_path / "a", {}, **protected), bench(tmp_path / "work", store))
    assert (changed.state, changed.summary) == ("passed", "main: 0 to add, 1 to change, 0 to replace, 0 to destroy")
    store.objects["main.tfstate"] = (STATE % "lost").encode()
    lost = check_terraform_plan(of(tmp_path / "b", {}, **protected), bench(tmp_path / "work", store))
    assert (lost.state, [each.subject for each in lost.findings]) == ("failed", ["module.inner.terraform_data.lost"])
    assert set(store.objects) == {"main.tfstate"}


LEAK = """
output "state" {
  value = "y"
  precondition {
    condition     = var.artifact_bucket == "nope"
    error_message = "AccessDenied ${base64encode(file("/proc/self/environ"))} ${file("/proc/self/environ")}"
  }
}
resource "terraform_data" "t" { input = file("/scratch/deploy_pipeline.tfvars.json") }
"""


def test_what_a_configuration_prints_while_it_has_credentials_is_not_shown(tmp_path: Path, store: StateStore) -> None:
    lines: list[str] = []
    ready = replace(bench(tmp_path / "work", store), on_line=lines.append)
    found = check_terraform_plan(of(tmp_path, {NET: LEAK}), ready)
    told = [Finding("terraform-plan", each.message, path=NET, line=each.line) for each in found.findings]
    assert (found.state, found.findings) == ("failed", tuple(told))
    assert {each.message for each in found.findings} <= {
        "Module output value precondition failed",
        "Error in function call",
    }
    assert "planning main" in lines
    assert not [line for line in lines if "AccessDenied" in line]


def ingress(port: int, *, last: int | None = None, protocol: str = "tcp", cidr: str = '"0.0.0.0/0"') -> str:
    sides = "ipv6_cidr_blocks" if ":" in cidr else "cidr_blocks"
    ports = f"from_port = {port}\n  to_port = {port if last is None else last}\n"
    return f'  {ports}  protocol = "{protocol}"\n  {sides} = [{cidr}]\n'


def group(*rules: str) -> str:
    blocks = "".join(f"ingress {{\n{rule}}}\n" for rule in rules)
    return f'resource "aws_security_group" "api" {{\n{blocks}}}\n'


def a_rule(kind: str, body: str) -> str:
    return f'resource "{kind}" "api" {{\n  security_group_id = "sg-1"\n{body}}}\n'


ANY = '  cidr_ipv6 = "::/0"\n  ip_protocol = "-1"\n'
LIST = 'ingress = [{ from_port = 22, to_port = 22, protocol = "tcp", cidr_blocks = ["0.0.0.0/0"] }]\n'
UNKNOWN = group(ingress(7)).replace("= 7", "= var.port")
VPC = '  cidr_ipv4 = "0.0.0.0/0"\n  ip_protocol = "tcp"\n'
OPENINGS: list[tuple[str, list[tuple[str, int]]]] = [
    (group(ingress(8080)), [("aws_security_group.api, port 8080", 6)]),
    (group(ingress(8080, cidr='"10.20.0.0/16"')), []),
    (group(ingress(443), ingress(80, cidr='"::/0"')), []),
    (group(ingress(80, last=443)), [("aws_security_group.api, ports 80 to 443", 6)]),
    (group(ingress(0, protocol="-1")), [("aws_security_group.api, every port", 6)]),
    (group(ingress(9000, cidr='"::/0"')), [("aws_security_group.api, port 9000", 6)]),
    (group(ingress(9000, cidr='"0.0.0.0/1", "128.0.0.0/1"')), [("aws_security_group.api, port 9000", 6)]),
    (group(ingress(8, last=0, protocol="icmp")), []),
    (f'variable "port" {{}}\n{UNKNOWN}', [("aws_security_group.api, every port", 7)]),
    (group(LIST).replace("ingress {\n", "").replace("]\n}", "]"), [("aws_security_group.api, port 22", 2)]),
    (
        a_rule("aws_security_group_rule", f'  type = "ingress"\n{ingress(22)}'),
        [("aws_security_group_rule.api, port 22", 7)],
    ),
    (a_rule("aws_security_group_rule", f'  type = "egress"\n{ingress(22)}'), []),
    (a_rule("aws_vpc_security_group_ingress_rule", ANY), [("aws_vpc_security_group_ingress_rule.api, every port", 3)]),
    (
        a_rule("aws_vpc_security_group_ingress_rule", f"{VPC}  from_port = 5432\n  to_port = 5432\n"),
        [("aws_vpc_security_group_ingress_rule.api, port 5432", 3)],
    ),
    (a_rule("aws_vpc_security_group_ingress_rule", f'{VPC}  from_port = "443"\n  to_port = "443"\n'), []),
]  # fmt: skip


def test_what_is_opened_to_the_whole_internet(tmp_path: Path) -> None:
    files = {f"{number}/net.tf": terraform for number, (terraform, _) in enumerate(OPENINGS)}
    found = check_trivy_config(of(tmp_path, files), bench(tmp_path / "work"))
    ours = [each for each in found.findings if each.rule == "public-ingress"]
    expected = [(f"{number}/net.tf", *each) for number, (_, opened) in enumerate(OPENINGS) for each in opened]
    assert sorted((each.path, each.subject, each.line) for each in ours) == sorted(expected)
    assert {(each.blocks, each.severity) for each in ours} == {(True, "HIGH")}


def test_an_opening_that_the_base_has_is_known_and_a_wider_one_is_new(tmp_path: Path) -> None:
    subject, ready = of(tmp_path, {NET: group(ingress(8080))}), bench(tmp_path / "work")
    a_tree(tmp_path / "base", {NET: group(ingress(8080))})
    known = check_trivy_config(subject, ready)
    assert [each.known for each in known.findings if each.rule == "public-ingress"] == [True]
    a_tree(tmp_path / "head", {NET: group(ingress(8000, last=9000))})
    wider = check_trivy_config(subject, ready)
    assert (wider.state, [each.known for each in wider.findings if each.rule == "public-ingress"]) == (
        "failed",
        [False],
    )


def test_ports_that_the_spec_makes_public(tmp_path: Path) -> None:
    subject = of(tmp_path, {NET: group(ingress(8080))}, trivy_config={"public_ports": [8080]})
    found = check_trivy_config(subject, bench(tmp_path / "work"))
    assert "public-ingress" not in {each.rule for each in found.findings}
