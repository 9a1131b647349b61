"""The Terraform gateway over real Terraform, with a built-in resource (no provider to fetch) and its state in S3.

The store for the state is a small server of the tests: this is about Terraform and its locks, not about AWS.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import BackendSpec, TerraformSpec
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.local_terraform import LocalTerraform
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.gateways.program_folder import has_program_in
from deploy_pipeline.gateways.terraform import Plan, TerraformSettings
from deploy_pipeline_tests.gateways.state_store import StateStore, state_store
from deploy_pipeline_tests.gateways.step_case import becomes

pytestmark = pytest.mark.real

SPEC = TerraformSpec(
    directory="infra/main", backend=BackendSpec(bucket="state", key="main.tfstate", region="us-east-1")
)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
MAIN = """
terraform {
  backend "s3" {}
}
variable "words" { type = map(string) }
variable "secret" {
  type      = string
  sensitive = true
}
module "inner" {
  source = "../modules/inner"
  word   = var.words["one"]
}
resource "terraform_data" "each" {
  for_each         = var.words
  triggers_replace = each.value
}
output "words" { value = var.words }
output "word" { value = module.inner.word }
output "secret" {
  value     = var.secret
  sensitive = true
}
"""
INNER = """
variable "word" {}
resource "terraform_data" "inner" { input = var.word }
output "word" { value = terraform_data.inner.output }
"""
VARIABLES = {"words": {"one": "1", "two": "2"}, "secret": "s3cret"}


@pytest.fixture
def store() -> Iterator[StateStore]:
    with state_store("state") as server:
        yield server


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "infra" / "main").mkdir(parents=True)
    (root / "infra" / "modules" / "inner").mkdir(parents=True)
    (root / "infra" / "main" / "main.tf").write_text(MAIN)
    (root / "infra" / "main" / "zzz.auto.tfvars").write_text('secret = "of the repository"\n')
    (root / "infra" / "modules" / "inner" / "inner.tf").write_text(INNER)
    return root


def local(store: StateStore) -> LocalTerraform:
    settings = TerraformSettings(environment={**os.environ, **KEYS}, endpoint_url=store.url, lock_timeout=0)
    return LocalTerraform(settings, LocalProcess(environment=os.environ, clock=SystemClock()), SystemClock())


def plan(terraform: LocalTerraform, checkout: Path, **variables: object) -> Plan:
    given = {**VARIABLES, **variables}
    work = checkout.parent / "work"
    terraform.init(SPEC, source=checkout, work=work, on_line=lambda line: None)
    return terraform.plan(work, variables=given, on_line=lambda line: None)


def test_a_plan_says_whether_there_is_anything_to_apply(store: StateStore, checkout: Path) -> None:
    terraform, work = local(store), checkout.parent / "work"
    first = plan(terraform, checkout)
    applied = terraform.apply(work, first.plan_sha256, on_line=lambda line: None)
    unchanged = plan(terraform, checkout)
    assert (first.applyable, unchanged.applyable) == (True, False)
    assert terraform.state(work) == applied
    with (checkout / "infra/main/main.tf").open("a") as file:
        file.write('output "more" { value = "x" }\n')
    more = plan(terraform, checkout)
    assert (more.add, more.change, more.applyable) == (0, 0, True)


def test_plan_and_apply_give_counts_state_and_outputs(store: StateStore, checkout: Path) -> None:
    terraform, work = local(store), checkout.parent / "work"
    first, again = plan(terraform, checkout), plan(terraform, checkout)
    assert (first.add, first.change, first.replace, first.destroy) == (3, 0, 0, 0)
    assert first.digest == again.digest
    state = terraform.apply(work, again.plan_sha256, lambda line: None)
    assert (state.resources, state.outputs) == (3, {"words": '{"one":"1","two":"2"}', "word": "1"})
    stored = json.loads(store.objects["main.tfstate"])
    assert (stored["serial"], stored["lineage"]) == (state.serial, state.lineage)
    assert stored["outputs"]["secret"]["value"] == "s3cret"
    with pytest.raises(DeployError, match="Saved plan is stale"):
        terraform.apply(work, again.plan_sha256, lambda line: None)
    nothing = plan(terraform, checkout)
    assert (nothing.add, nothing.change, nothing.replace, nothing.destroy, nothing.changes) == (0, 0, 0, 0, ())
    changed = plan(terraform, checkout, words={"one": "9", "three": "3"})
    assert [(c.address, c.kind) for c in changed.changes] == [
        ("module.inner.terraform_data.inner", "change"),
        ('terraform_data.each["one"]', "replace"),
        ('terraform_data.each["three"]', "add"),
        ('terraform_data.each["two"]', "destroy"),
    ]


def test_apply_names_who_holds_the_lock_which_a_plan_does_not_need(store: StateStore, checkout: Path) -> None:
    held = {"ID": "abc", "Operation": "OperationTypeApply", "Who": "me@host", "Created": "2026-01-01T00:00:00Z"}
    store.objects["main.tfstate.tflock"] = json.dumps(held).encode()
    terraform = local(store)
    saved = plan(terraform, checkout)
    with pytest.raises(DeployError, match="the state is locked by me@host") as caught:
        terraform.apply(checkout.parent / "work", saved.plan_sha256, lambda line: None)
    assert "terraform force-unlock abc" in caught.value.todo


def test_plan_of_a_broken_stack_shows_where(store: StateStore, checkout: Path) -> None:
    (checkout / "infra" / "main" / "broken.tf").write_text("output x { value = var.absent }\n")
    with pytest.raises(DeployError, match=r"on broken\.tf line 1"):
        plan(local(store), checkout)


def test_plan_of_a_stack_without_backend_is_refused(store: StateStore, checkout: Path) -> None:
    (checkout / "infra" / "main" / "main.tf").write_text('resource "terraform_data" "x" {}\n')
    with pytest.raises(DeployError, match="backend is not declared"):
        plan(local(store), checkout)


def test_apply_that_is_cancelled_saves_its_state_and_frees_the_lock(store: StateStore, checkout: Path) -> None:
    slow = 'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n    command = "exec sleep 3600"\n  }\n}\n'
    (checkout / "infra" / "main" / "slow.tf").write_text(slow)
    terraform, work = local(store), checkout.parent / "work"
    saved = plan(terraform, checkout)

    def cancel(line: str) -> None:
        if "local-exec" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        terraform.apply(work, saved.plan_sha256, cancel)
    assert list(store.objects) == ["main.tfstate"]
    (checkout / "infra" / "main" / "slow.tf").unlink()
    after = plan(terraform, checkout)
    assert ("terraform_data.slow", "destroy") in [(c.address, c.kind) for c in after.changes]


KILLED = """
import os, sys
from pathlib import Path
from deploy_pipeline_tests.gateways.test_terraform_real import KEYS
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.local_terraform import LocalTerraform
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline.gateways.terraform import TerraformSettings

def listen(line):
    if "is being made" in line:
        os.kill(os.getpid(), 9)

work, sha256, url = sys.argv[1:]
settings = TerraformSettings(environment={**os.environ, **KEYS}, endpoint_url=url, lock_timeout=0)
process = LocalProcess(environment=os.environ, clock=SystemClock())
LocalTerraform(settings, process, SystemClock()).apply(Path(work), sha256, listen)
"""


def test_what_was_being_made_when_our_process_was_killed_is_in_the_state(store: StateStore, checkout: Path) -> None:
    slow = 'provisioner "local-exec" {\n    command = "echo it is being made; sleep 3; echo made"\n  }'
    (checkout / "infra" / "main" / "slow.tf").write_text(f'resource "terraform_data" "slow" {{\n  {slow}\n}}\n')
    terraform, work = local(store), checkout.parent / "work"
    saved = plan(terraform, checkout)
    killed = [sys.executable, "-c", KILLED, str(work), saved.plan_sha256, store.url]
    assert subprocess.run(killed, check=False).returncode == -signal.SIGKILL
    assert becomes(lambda: not has_program_in(work))
    assert list(store.objects) == ["main.tfstate"]
    assert '"slow"' in store.objects["main.tfstate"].decode()


def test_terraform_that_is_not_there_says_what_to_install(tmp_path: Path, checkout: Path) -> None:
    settings = TerraformSettings(environment=os.environ, program=str(tmp_path / "terraform"))
    process = LocalProcess(environment=os.environ, clock=SystemClock())
    with pytest.raises(DeployError) as caught:
        plan(LocalTerraform(settings, process, SystemClock()), checkout)
    assert "install Terraform 1.10 or newer" in caught.value.todo
