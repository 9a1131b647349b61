"""The Terraform gateway over a process that answers for Terraform, and its fake."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import BackendSpec, TerraformSpec
from deploy_pipeline.core.terraform_plan import read_plan
from deploy_pipeline.gateways.local_terraform import LocalTerraform
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.gateways.terraform import AppliedState, Plan, TerraformSettings
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall

SPEC = TerraformSpec(directory="infra/main", backend=BackendSpec(bucket="state", key="k", region="us-east-1"))
CREATED = {"address": "a.b", "type": "a", "change": {"actions": ["create"], "after": {"x": 1}}}
PLAN_JSON = json.dumps({"format_version": "1.2", "planned_values": {}, "resource_changes": [CREATED]})
OUTPUTS = {"url": {"value": "u", "type": "string"}, "key": {"value": "s3cret", "type": "string", "sensitive": True}}
STATE_JSON = json.dumps(
    {"serial": 4, "lineage": "l", "resources": [{"mode": "managed", "instances": [{}]}], "outputs": OUTPUTS}
)
LOCK = 'provider "registry.terraform.io/hashicorp/aws" {\n}\n'
PLAN_SHA256 = sha256(b"the plan").hexdigest()
ENVIRONMENT = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "k", "GITHUB_TOKEN": "t", "TF_CLI_CONFIG_FILE": "/nowhere/rc"}
SETTINGS = TerraformSettings(environment=ENVIRONMENT)


def terraform_of(backend: str = "s3", planned: int = 2) -> Callable[[ProcessCall], Completed]:
    """What Terraform does: write the files that the gateway reads, and answer; a plan ends with `planned`."""

    def respond(call: ProcessCall) -> Completed:
        assert call.cwd is not None
        answers = {"show": PLAN_JSON, "state": STATE_JSON}
        command = call.argv[1]
        if command == "init":
            (call.cwd / ".terraform").mkdir()
            (call.cwd / ".terraform" / "terraform.tfstate").write_text(json.dumps({"backend": {"type": backend}}))
            (call.cwd / ".terraform.lock.hcl").write_text(LOCK)
        if command == "plan":
            Path(call.argv[-1].removeprefix("-out=")).write_bytes(b"the plan")
        return Completed(call.argv, planned if command == "plan" else 0, answers.get(command, f"{command} done\n"), "")

    return respond


def failing(*commands: str, stderr: str, leave: str | None = None) -> Callable[[ProcessCall], Completed]:
    def respond(call: ProcessCall) -> Completed:
        if call.argv[1] not in commands:
            return terraform_of()(call)
        if leave and call.cwd:
            (call.cwd / leave).write_text("{}")
        return Completed(call.argv, 1, "", stderr)

    return respond


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "checkout" / "infra" / "main").mkdir(parents=True)
    (tmp_path / "checkout" / "infra" / "main" / "main.tf").write_text("")
    return tmp_path / "checkout"


def local(
    process: FakeProcess, settings: TerraformSettings | None = None, clock: FakeClock | None = None
) -> LocalTerraform:
    return LocalTerraform(settings or SETTINGS, process, clock or FakeClock())


def planned(terraform: LocalTerraform, checkout: Path, lines: list[str] | None = None) -> Plan:
    on_line = (lines if lines is not None else []).append
    work = checkout.parent / "work"
    terraform.init(SPEC, source=checkout, work=work, on_line=on_line)
    return terraform.plan(work, variables={"image_uris": {"a": "b@c"}}, on_line=on_line)


def test_plan_runs_init_plan_and_show_and_reads_the_plan(checkout: Path) -> None:
    process, lines = FakeProcess(terraform_of()), list[str]()
    plan = planned(local(process), checkout, lines)
    assert [call.argv[1] for call in process.calls] == ["init", "plan", "show"]
    assert (plan.plan_sha256, plan.add, plan.change, plan.replace, plan.destroy) == (PLAN_SHA256, 1, 0, 0, 0)
    assert [change.address for change in plan.changes] == ["a.b"]
    assert lines == ["init done", "plan done"]
    assert {call.grace for call in process.calls} == {300.0}


def test_a_plan_without_changes_is_not_shown_for_there_is_nothing_to_see(checkout: Path) -> None:
    process = FakeProcess(terraform_of(planned=0))
    plan = planned(local(process), checkout)
    assert [call.argv[1] for call in process.calls] == ["init", "plan"]
    nothing = read_plan({"format_version": "1.2", "planned_values": {}, "applyable": False})
    assert plan == Plan(PLAN_SHA256, nothing.digest, 0, 0, 0, 0, applyable=False)


@pytest.mark.parametrize("alone", [False, True])
def test_a_plan_can_be_made_without_the_variables_of_our_environment(checkout: Path, alone: bool) -> None:
    process = FakeProcess(terraform_of())
    terraform = local(process, replace(SETTINGS, environment=ENVIRONMENT | {"TF_VAR_colour": "red"}))
    terraform.init(SPEC, source=checkout, work=checkout.parent / "work", on_line=lambda _: None)
    terraform.plan(checkout.parent / "work", variables={}, on_line=lambda _: None, alone=alone)
    known = {call.argv[1]: "TF_VAR_colour" in (call.env or {}) for call in process.calls}
    assert known == {"init": True, "plan": not alone, "show": True}


def commands_of_init(checkout: Path, name: str, key: str) -> list[str]:
    """The commands that init runs in a folder of its own, where what it makes is kept beside the checkout."""
    process = FakeProcess(terraform_of())
    terraform = local(process, replace(SETTINGS, prepared=checkout.parent / "prepared"))
    terraform.init(SPEC, source=checkout, work=checkout.parent / name, on_line=lambda _: None, key=key)
    terraform.plan(checkout.parent / name, variables={}, on_line=lambda _: None)
    return [call.argv[1] for call in process.calls]


def test_what_init_made_is_kept_for_the_same_key(checkout: Path) -> None:
    (checkout / "infra/main/.terraform.lock.hcl").write_text(LOCK)
    assert commands_of_init(checkout, "first", "k") == ["init", "plan", "show"]
    assert commands_of_init(checkout, "second", "k") == ["plan", "show"]
    assert commands_of_init(checkout, "of another key", "other") == ["init", "plan", "show"]
    assert commands_of_init(checkout, "of no key", "") == ["init", "plan", "show"]


def test_without_a_lock_file_init_chooses_providers_each_time(checkout: Path) -> None:
    assert commands_of_init(checkout, "first", "k") == ["init", "plan", "show"]
    assert commands_of_init(checkout, "second", "k") == ["init", "plan", "show"]


def identity(environment: dict[str, str], version: str = "1.11.4", **settings: Any) -> str:
    printed = json.dumps({"terraform_version": version, "platform": "linux_amd64", "terraform_outdated": False})
    process = FakeProcess(lambda call: Completed(call.argv, 0, printed, ""))
    return local(process, replace(SETTINGS, environment=environment, **settings)).identity()


def test_identity_is_of_the_version_and_of_what_reaches_a_plan(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "TF_VAR_colour": "red", "AWS_REGION": "us-east-1", "HOME": str(tmp_path)}
    others = [
        identity(base, "1.12.0"),
        identity(base | {"TF_VAR_colour": "blue"}),
        identity(base | {"TF_VAR_more": ""}),
        identity(base | {"AWS_REGION": "us-west-2"}),
        identity(base | {"AWS_PROFILE": "other"}),
        identity(base, endpoint_url="http://127.0.0.1:4566"),
    ]
    assert len({identity(base), *others}) == 7


@pytest.mark.parametrize("name", [".terraformrc", ".terraform.d/local.tfrc", ".aws/config", "elsewhere"])
def test_identity_is_of_the_files_that_configure_terraform_and_aws(tmp_path: Path, name: str) -> None:
    base = {"PATH": "/bin", "HOME": str(tmp_path)}
    given = base | ({"AWS_CONFIG_FILE": str(tmp_path / name)} if name == "elsewhere" else {})
    before = identity(given)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("provider_installation { dev_overrides {} }")
    assert identity(given) != before


def test_identity_leaves_out_credentials_which_change(tmp_path: Path) -> None:
    base = {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "one", "AWS_SESSION_TOKEN": "one"}
    assert identity(base | {"AWS_ACCESS_KEY_ID": "two", "GITHUB_TOKEN": "t"}) == identity(base)


def test_identity_of_a_terraform_that_does_not_say_its_version() -> None:
    with pytest.raises(DeployError, match="cannot read Terraform's version"):
        local(FakeProcess(lambda call: Completed(call.argv, 0, "[]", ""))).identity()


def test_plan_keeps_variables_and_plan_to_the_owner(checkout: Path) -> None:
    planned(local(FakeProcess(terraform_of())), checkout)
    work = checkout.parent / "work"
    variables = work / "checkout" / "infra" / "main" / "deploy_pipeline.auto.tfvars.json"
    assert json.loads(variables.read_text()) == {"image_uris": {"a": "b@c"}}
    assert [oct(p.stat().st_mode & 0o777) for p in (work, variables, work / "plan.tfplan")] == [
        "0o700",
        "0o600",
        "0o600",
    ]


def test_plan_gives_terraform_aws_credentials_and_no_others(checkout: Path) -> None:
    process = FakeProcess(terraform_of())
    planned(local(process), checkout)
    environment = process.calls[0].env or {}
    assert environment["AWS_ACCESS_KEY_ID"] == "k"
    assert not {"GITHUB_TOKEN", "TF_CLI_CONFIG_FILE", "AWS_ENDPOINT_URL"} & set(environment)


def test_plan_overrides_the_provider_only_for_an_emulator(checkout: Path) -> None:
    override = checkout.parent / "work" / "stack" / "deploy_pipeline_override.tf"
    planned(local(FakeProcess(terraform_of())), checkout)
    assert not override.exists()
    process = FakeProcess(terraform_of())
    planned(local(process, replace(SETTINGS, endpoint_url="http://127.0.0.1:4566")), checkout)
    assert "s3_use_path_style" in override.read_text()
    assert (process.calls[0].env or {})["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_plan_uses_a_mirror_a_cache_or_an_inherited_configuration(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "mirror" / "registry.terraform.io" / "hashicorp" / "aws").mkdir(parents=True)
    process = FakeProcess(terraform_of())
    settings = replace(SETTINGS, plugin_mirror=tmp_path / "mirror", plugin_cache=tmp_path / "cache")
    planned(local(process, settings), checkout)
    environment = process.calls[0].env or {}
    assert environment["TF_CLI_CONFIG_FILE"] == str(checkout.parent / "work" / "terraform.rc")
    assert environment["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "cache")
    assert "registry.terraform.io/hashicorp/aws" in Path(environment["TF_CLI_CONFIG_FILE"]).read_text()
    (tmp_path / "rc").touch()
    process = FakeProcess(terraform_of())
    planned(local(process, TerraformSettings(environment={"TF_CLI_CONFIG_FILE": str(tmp_path / "rc")})), checkout)
    assert (process.calls[0].env or {})["TF_CLI_CONFIG_FILE"] == str(tmp_path / "rc")


def test_plan_refuses_a_stack_whose_state_would_stay_here(checkout: Path) -> None:
    process = FakeProcess(terraform_of(backend="local"))
    with pytest.raises(DeployError, match="backend is local") as caught:
        planned(local(process), checkout)
    assert 'backend "s3" {}' in caught.value.todo
    assert [call.argv[1] for call in process.calls] == ["init"]


def test_plan_tries_init_again_after_trouble_that_passes(checkout: Path) -> None:
    process, clock = FakeProcess(failing("init", stderr="Error: connection reset by peer")), FakeClock()
    with pytest.raises(DeployError, match="connection reset"):
        planned(local(process, clock=clock), checkout)
    assert (len(process.calls), len(clock.slept)) == (3, 2)


def test_plan_error_shows_the_diagnostic_and_the_stack(checkout: Path) -> None:
    process = FakeProcess(failing("plan", stderr="\nError: Unsupported argument\n\n  on main.tf line 3\n"))
    with pytest.raises(DeployError) as caught:
        planned(local(process), checkout)
    assert str(caught.value).startswith(
        "terraform plan of infra/main: Error: Unsupported argument\n\n  on main.tf line 3"
    )
    assert not (checkout.parent / "work" / "plan.tfplan").exists()


def test_apply_applies_the_saved_plan_and_gives_the_state(checkout: Path) -> None:
    process = FakeProcess(terraform_of())
    terraform, lines = local(process), list[str]()
    plan = planned(terraform, checkout)
    state = terraform.apply(checkout.parent / "work", plan.plan_sha256, lines.append)
    assert state == AppliedState(serial=4, lineage="l", resources=1, outputs={"url": "u"})
    assert process.calls[3].argv[1:] == (
        "apply", "-input=false", "-no-color", "-lock-timeout=60s", str(checkout.parent / "work" / "plan.tfplan"),
    )  # fmt: skip
    assert lines == ["apply done"]


def test_apply_refuses_a_plan_that_is_not_the_checked_one(checkout: Path) -> None:
    process = FakeProcess(terraform_of())
    terraform = local(process)
    plan = planned(terraform, checkout)
    (checkout.parent / "work" / "plan.tfplan").write_bytes(b"another plan")
    with pytest.raises(DeployError, match="not the one that was checked"):
        terraform.apply(checkout.parent / "work", plan.plan_sha256, lambda line: None)
    assert "apply" not in [call.argv[1] for call in process.calls]


def test_apply_without_a_plan_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no saved plan"):
        local(FakeProcess()).apply(tmp_path, PLAN_SHA256, lambda line: None)


def test_apply_is_not_tried_again_and_names_a_state_that_it_could_not_save(checkout: Path) -> None:
    stderr = "Error: Failed to save state: connection reset by peer"
    process = FakeProcess(failing("apply", "state", stderr=stderr, leave="errored.tfstate"))
    terraform = local(process)
    plan = planned(terraform, checkout)
    with pytest.raises(DeployError) as caught:
        terraform.apply(checkout.parent / "work", plan.plan_sha256, lambda line: None)
    assert (caught.value.retryable, [call.argv[1] for call in process.calls].count("apply")) == (False, 1)
    assert "errored.tfstate; when the backend works, run `terraform state push`" in caught.value.todo
    with pytest.raises(DeployError, match="not saved"):
        planned(terraform, checkout)


def test_a_state_that_an_apply_could_not_save_is_pushed(checkout: Path) -> None:
    process = FakeProcess(failing("apply", stderr="Error: Failed to save state", leave="errored.tfstate"))
    terraform = local(process)
    plan = planned(terraform, checkout)
    with pytest.raises(DeployError, match="The state that it could not save was pushed") as caught:
        terraform.apply(checkout.parent / "work", plan.plan_sha256, lambda line: None)
    assert "errored.tfstate" not in caught.value.todo
    push = next(call.argv for call in process.calls if call.argv[1:3] == ("state", "push") or call.argv[2] == "push")
    assert push[-1] == "errored.tfstate"
    planned(terraform, checkout)
    assert not terraform.save_state(checkout.parent / "work", lambda line: None)
