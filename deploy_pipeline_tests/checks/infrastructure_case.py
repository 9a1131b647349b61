"""What the tests of infrastructure checks share: a stack without providers, and a bench with Terraform and AWS."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy_pipeline.checks.bench import Bench, CheckSettings
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.isolation import Isolation
from deploy_pipeline.gateways.plan_access import PlanAccess
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine

ROLE = "arn:aws:iam::123456789012:role/plan-ml"
KEYS = {
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "s3cret+UtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVzLWVhc3QtMSJ",
}
STACK = """\
terraform {
  backend "s3" {}
}
variable "image_uris" { type = map(string) }
variable "package_keys" { type = map(string) }
variable "artifact_bucket" { type = string }
module "inner" {
  source = "../modules/inner"
  input  = var.image_uris["inference"]
}
"""
MODULE = """\
variable "input" { type = string }

resource "terraform_data" "store" {
  input = var.input
}
"""
FILES = {"terraform/main/main.tf": STACK, "terraform/modules/inner/inner.tf": MODULE}


class SomePlanAccess(PlanAccess):
    """Gives the same credentials to everybody who asks, and remembers who did."""

    def __init__(self, emulator: str | None = None) -> None:
        self._emulator = emulator
        self.asked: list[tuple[str, str]] = []

    def credentials(self, role_arn: str, session: str) -> Mapping[str, str]:
        self.asked.append((role_arn, session))
        return KEYS

    def emulator(self) -> str | None:
        return self._emulator


def a_stack(
    folder: Path, changed: str = "terraform/main/main.tf", /, *, authorised: bool = True, **checks: Any
) -> Subject:
    """A trusted pull request over the sample stack; `checks` is that part of the spec."""
    subject = a_subject(a_tree(folder, FILES), changed=changed, checks=checks)
    return replace(subject, authorised=authorised)


def an_infrastructure_bench(
    isolation: Isolation,
    *,
    access: PlanAccess | None = None,
    engine: FakeDockerEngine | None = None,
    clock: Clock | None = None,
    programs: Mapping[str, str] | None = None,
) -> Bench:
    """A bench with Terraform and Trivy on this machine."""
    given = {"terraform": "/usr/bin/terraform", "trivy": "/usr/bin/trivy"} if programs is None else programs
    bench = a_bench(isolation, clock=clock)
    return replace(
        bench,
        settings=CheckSettings(given),
        plan_access=access or SomePlanAccess(),
        docker_engine=engine or bench.docker_engine,
    )
