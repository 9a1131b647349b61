"""Format and validity over boxes that run nothing: what Terraform is given, and what stops it."""

from dataclasses import replace
from pathlib import Path

from deploy_pipeline.checks.stack_box import stacks
from deploy_pipeline.checks.terraform import check_terraform_fmt, check_terraform_validate
from deploy_pipeline.core.checks.assessment import Assessment, not_audited
from deploy_pipeline.core.spec import Spec
from deploy_pipeline_tests.checks.benches import a_tree
from deploy_pipeline_tests.checks.infrastructure_case import a_stack, an_infrastructure_bench
from deploy_pipeline_tests.fakes.fake_isolation import BoxCall, FakeIsolation, finished

LOCK = 'provider "registry.terraform.io/hashicorp/{name}" {{\n  version     = "5.100.0"\n}}\n'
NAME = "terraform/main/.terraform.lock.hcl"
MISSING = not_audited("Terraform is not installed on the pipeline's machine")


def writes(isolation: FakeIsolation) -> dict[str, str]:
    calls: list[BoxCall] = [call for call in isolation.calls if call.program == "python3"]
    return {call.argv[-2]: call.argv[-1] for call in calls}


def test_without_terraform_nothing_is_known(tmp_path: Path) -> None:
    bench = an_infrastructure_bench(FakeIsolation(), programs={})
    assert check_terraform_fmt(a_stack(tmp_path), bench) == MISSING
    assert check_terraform_validate(a_stack(tmp_path), bench) == MISSING


def test_validate_in_a_box_without_network(tmp_path: Path) -> None:
    isolation = FakeIsolation({"terraform": finished('{"valid": true, "diagnostics": []}')})
    found = check_terraform_validate(a_stack(tmp_path), an_infrastructure_bench(isolation))
    assert found == Assessment("passed", "terraform/main is valid")
    (box,) = isolation.boxes
    assert (box.hosts, dict(box.redirects), box.providers) == ((), {}, "")
    assert writes(isolation)[f"/scratch/tree/{NAME}"] == ""
    assert [call.cwd for call in isolation.calls if call.program == "terraform"] == ["/scratch/tree/terraform/main"] * 2


def test_the_base_decides_on_providers(tmp_path: Path) -> None:
    isolation = FakeIsolation()
    subject = a_stack(tmp_path / "head")
    a_tree(tmp_path / "head", {NAME: LOCK.format(name="external")})
    base = a_tree(tmp_path / "base", {NAME: LOCK.format(name="aws")})
    found = check_terraform_validate(replace(subject, base_tree=str(base)), an_infrastructure_bench(isolation))
    assert found.summary == "provider hashicorp/external is not in main's lock file: a maintainer adds it there first"
    assert isolation.boxes == []


def test_a_mirror_that_cannot_be_had_is_not_the_pull_requests_fault(tmp_path: Path) -> None:
    subject = a_stack(tmp_path / "head")
    a_tree(tmp_path / "head", {NAME: LOCK.format(name="aws")})
    bench = an_infrastructure_bench(FakeIsolation())
    elsewhere = replace(bench, settings=replace(bench.settings, provider_mirror=str(tmp_path)))
    found = check_terraform_validate(subject, elsewhere)
    assert found.state == "not_audited"
    assert "no unpacked hashicorp/aws 5.100.0" in found.summary


def test_stacks_are_those_of_the_base_as_the_head_has_them(tmp_path: Path) -> None:
    subject = a_stack(tmp_path)
    gone = yaml_of(subject.spec.model_copy(update={"terraform": {}, "smoke_tests": ()}))
    a_tree(tmp_path, {"deploy.yaml": gone})
    assert [stack.folder for stack in stacks(subject)] == ["terraform/main"]
    (tmp_path / "terraform").rename(tmp_path / "infra")
    assert list(stacks(subject)) == []
    moved = subject.spec.terraform["main"].model_copy(update={"directory": "infra/main"})
    a_tree(tmp_path, {"deploy.yaml": yaml_of(subject.spec.model_copy(update={"terraform": {"main": moved}}))})
    assert [stack.folder for stack in stacks(subject)] == ["infra/main"]


def yaml_of(spec: Spec) -> str:
    """JSON is YAML, too."""
    return spec.model_dump_json()
