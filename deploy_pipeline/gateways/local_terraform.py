"""The terraform program as the Terraform gateway: init, plan and show; then apply of that plan and what came of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy_pipeline.core import terraform_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ownership import traffic_resources
from deploy_pipeline.core.spec import TerraformSpec
from deploy_pipeline.core.terraform_plan import no_changes, read_plan
from deploy_pipeline.core.terraform_state import read_outputs, read_state
from deploy_pipeline.gateways import terraform_files
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.prepared_stacks import PreparedStacks
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.gateways.retrying import retrying
from deploy_pipeline.gateways.terraform import AppliedState, Listener, Plan, Terraform, TerraformSettings
from deploy_pipeline.gateways.terraform_lifecycle import with_ignored
from deploy_pipeline.gateways.terraform_runner import TerraformRunner
from deploy_pipeline.gateways.tree_entries import sha256_of


class LocalTerraform(Terraform):
    """The terraform program, version 1.10 or newer: it locks the state in S3 itself."""

    def __init__(self, settings: TerraformSettings, process: Process, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._runner = TerraformRunner(settings, process, clock)

    def identity(self) -> str:
        return self._runner.identity()

    def given_variables(self) -> Mapping[str, str]:
        return terraform_cli.variables_in(self._settings.environment)

    def init(self, spec: TerraformSpec, *, source: Path, work: Path, on_line: Listener, key: str = "") -> None:
        work = work.absolute()
        stack = terraform_files.lay_out(work, spec.directory, source)
        kept = PreparedStacks(self._settings.prepared) if self._settings.prepared else None
        key = (
            key if (stack / terraform_cli.LOCK_FILE).is_file() else ""
        )  # without one, init chooses providers each time
        if not (kept and kept.restore(key, stack)):
            self._runner.init(work, spec.backend, on_line)
            terraform_files.check_backend(stack)
            if kept:
                kept.keep(key, stack)
        if self._settings.endpoint_url and terraform_files.locks_provider(stack, "hashicorp/aws"):
            terraform_files.write_private(stack / terraform_cli.OVERRIDE_FILE, terraform_cli.ENDPOINT_OVERRIDE)

    def plan(self, work: Path, *, variables: Mapping[str, Any], on_line: Listener, alone: bool = False) -> Plan:
        work = work.absolute()
        stack = terraform_files.stack_in(work)
        terraform_files.write_private(stack / terraform_cli.VARIABLES_FILE, json.dumps(dict(variables), indent=2))
        file, changes = self._saved_plan(work, on_line, alone)
        # Showing a plan starts every provider once more; of one without changes there is nothing to see.
        shown = (
            self._runner.json("show", terraform_cli.show(self._settings.program, str(file)), work) if changes else {}
        )
        reading = read_plan(shown) if changes else no_changes()
        return Plan(
            plan_sha256=sha256_of(file),
            digest=reading.digest,
            add=reading.add,
            change=reading.change,
            replace=reading.replace,
            destroy=reading.destroy,
            changes=reading.changes,
            applyable=reading.applyable,
            traffic=tuple(with_ignored(stack, each) for each in traffic_resources(shown)),
        )

    def _saved_plan(self, work: Path, on_line: Listener, alone: bool) -> tuple[Path, bool]:
        """The file, and whether there is anything to apply in it."""
        file = work / terraform_cli.PLAN_FILE
        file.unlink(missing_ok=True)
        argv = terraform_cli.plan(self._settings.program, str(file))
        timeout = self._settings.plan_timeout
        ends = (terraform_cli.NO_CHANGES, terraform_cli.CHANGES)
        done = self._runner.run("plan", argv, work, on_line=on_line, timeout=timeout, expected=ends, alone=alone)
        file.chmod(terraform_files.OWNER_ONLY_FILE)
        return file, done.returncode == terraform_cli.CHANGES

    def apply(self, work: Path, plan_sha256: str, on_line: Listener) -> AppliedState:
        work = work.absolute()
        file = work / terraform_cli.PLAN_FILE
        _check_plan(file, plan_sha256)
        try:
            argv = terraform_cli.apply(self._settings.program, str(file), self._settings.lock_timeout)
            self._runner.run("apply", argv, work, on_line=on_line, timeout=self._settings.apply_timeout)
        except DeployError as error:
            raise self._with_unsaved_state(error, work, on_line) from error
        return self.state(work)

    def save_state(self, work: Path, on_line: Listener) -> bool:
        work = work.absolute()
        file = terraform_files.unsaved_state(work)
        if file is None:
            return False
        argv = terraform_cli.state_push(self._settings.program, file.name, self._settings.lock_timeout)
        again = retrying(self._clock, self._settings.attempts)
        again(self._runner.run, "state push", argv, work, on_line=on_line, timeout=self._settings.plan_timeout)
        file.rename(file.with_suffix(f"{file.suffix}.pushed"))
        return True

    def _with_unsaved_state(self, error: DeployError, work: Path, on_line: Listener) -> DeployError:
        """An apply that could not even save its state left it in a file: losing that loses the resources in it."""
        file = terraform_files.unsaved_state(work)
        try:
            saved = self.save_state(work, on_line)
        except DeployError as again:
            todo = f"keep {file}; when the backend works, run `terraform state push` with it in its folder"
            return DeployError(f"{error.what}\n{again.what}", where=error.where, todo=f"{todo}. Then: {error.todo}")
        what = f"{error.what}\nThe state that it could not save was pushed." if saved else error.what
        return DeployError(what, where=error.where, todo=error.todo)

    def state(self, work: Path) -> AppliedState:
        work = work.absolute()
        program = self._settings.program
        pulled = self._runner.json("state pull", terraform_cli.state_pull(program), work)
        state = read_state(pulled)
        return AppliedState(state.serial, state.lineage, state.resources, read_outputs(pulled.get("outputs") or {}))


def _check_plan(file: Path, plan_sha256: str) -> None:
    if not file.is_file():
        raise DeployError("there is no saved plan", where=str(file), todo="plan the stack first, on this machine")
    found = sha256_of(file)
    if found != plan_sha256:
        what = f"the plan file is not the one that was checked: its SHA-256 is {found}, expected {plan_sha256}"
        raise DeployError(what, where=str(file), todo="find out what changed it, then run the deployment again")
