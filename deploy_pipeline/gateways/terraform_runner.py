"""Terraform commands in a stack's work folder: their environment, time-outs and errors, but not which ones to run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from deploy_pipeline.core import terraform_cli
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import BackendSpec
from deploy_pipeline.core.terraform_errors import Step, failure
from deploy_pipeline.gateways import terraform_files
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.file_lock import file_lock
from deploy_pipeline.gateways.process import Completed, Process, minimal_environment
from deploy_pipeline.gateways.retrying import retrying
from deploy_pipeline.gateways.terraform import Listener, TerraformSettings

CONFIG_FILE = "terraform.rc"
VERSION_SECONDS = 60.0


class TerraformRunner:
    """Runs Terraform on the stack that `terraform_files.lay_out` put into a work folder."""

    def __init__(self, settings: TerraformSettings, process: Process, clock: Clock) -> None:
        self._settings = settings
        self._process = process
        self._clock = clock

    def identity(self) -> str:
        """SHA-256 over the version and the environment, credentials left out: they change, and the state does not."""
        argv = terraform_cli.version(self._settings.program)
        environment = self._known(None if self._settings.plugin_mirror else self._inherited_config())
        done = self._process.run(argv, env=environment, timeout=VERSION_SECONDS)
        if done.returncode:
            raise failure("version", done.stderr or done.stdout, "-")
        rules = (text for name in terraform_cli.rule_files(environment) for text in terraform_files.texts_of(name))
        return terraform_cli.identity(done.stdout, environment, rules)

    def init(self, work: Path, backend: BackendSpec, on_line: Listener) -> None:
        """Open the backend and fetch providers, again after trouble that passes."""
        locked = (terraform_files.stack_in(work) / terraform_cli.LOCK_FILE).is_file()
        emulated = self._settings.endpoint_url is not None
        argv = terraform_cli.init(self._settings.program, backend, locked=locked, emulated=emulated)
        again = retrying(self._clock, self._settings.attempts)
        with self._sole_user_of_plugin_cache():
            again(self.run, "init", argv, work, on_line=on_line, timeout=self._settings.init_timeout)

    def json(self, step: Step, argv: list[str], work: Path) -> dict[str, Any]:
        """The object that a reading command prints."""
        again = retrying(self._clock, self._settings.attempts)
        text = again(self.run, step, argv, work, timeout=self._settings.plan_timeout).stdout
        try:
            parsed: dict[str, Any] = json.loads(text)
        except ValueError as error:
            todo = "check Terraform's version"
            raise DeployError(f"the answer is not JSON: {error}", where=f"terraform {step}", todo=todo) from error
        return parsed

    def run(
        self,
        step: Step,
        argv: list[str],
        work: Path,
        *,
        timeout: float,
        on_line: Listener | None = None,
        expected: tuple[int, ...] = (0,),
        alone: bool = False,
    ) -> Completed:
        """Run one command, `alone` without the variables of our environment. Raises DeployError for another code."""
        stack = terraform_files.stack_in(work)
        known = self._environment(work)
        environment = terraform_cli.without_variables(known) if alone else known
        grace = self._settings.grace
        done = self._process.run(argv, cwd=stack, env=environment, timeout=timeout, on_line=on_line, grace=grace)
        if done.returncode not in expected:
            name = stack.relative_to((work / terraform_files.TREE).resolve()).as_posix()
            raise failure(step, done.stderr or done.stdout, name)
        return done

    def _environment(self, work: Path) -> dict[str, str]:
        return self._known(self._config_file(work))

    def _known(self, config_file: str | None) -> dict[str, str]:
        settings = self._settings
        return terraform_cli.environment(
            minimal_environment(settings.environment),
            settings.environment,
            endpoint_url=settings.endpoint_url,
            config_file=config_file,
            plugin_cache=str(settings.plugin_cache.absolute()) if settings.plugin_cache else None,
        )

    def _config_file(self, work: Path) -> str | None:
        """Terraform's own configuration: ours for the mirror, else the inherited one where that really is a file."""
        if mirror := self._settings.plugin_mirror:
            providers = terraform_files.mirrored_providers(mirror)
            text = terraform_cli.mirror_config(str(mirror.absolute()), providers)
            terraform_files.write_private(work / CONFIG_FILE, text)
            return str(work / CONFIG_FILE)
        return self._inherited_config()

    def _inherited_config(self) -> str | None:
        inherited = self._settings.environment.get("TF_CLI_CONFIG_FILE")
        return inherited if inherited and Path(inherited).is_file() else None

    @contextmanager
    def _sole_user_of_plugin_cache(self) -> Iterator[None]:
        """Terraform does not guard its plugin cache against a second init."""
        cache = self._settings.plugin_cache
        with file_lock(cache / ".lock", self._clock, self._settings.init_timeout) if cache else nullcontext():
            yield
