"""Checks of the project: its spec, Dagster's folder, the sandbox. They change nothing."""

import os
from pathlib import Path

from deploy_pipeline.cli.checks.check import Check, Inspected, missing, ok, skipped
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.sandbox.sandbox import status

DEFAULT_DAGSTER_HOME = ".dagster_home"


def check_spec(inspected: Inspected) -> Check:
    """deploy.yaml is there and valid."""
    file = inspected.settings.spec_file
    if not file.is_file():
        return missing(str(file), "not found", "run this in the repository, or set DEPLOY_PIPELINE_SPEC")
    try:
        spec = load_spec(file.read_bytes(), str(file))
    except DeployError as error:
        return missing(str(file), str(error), error.todo or "correct what is named")
    parts = f"{len(spec.images)} images, {len(spec.functions)} functions, {len(spec.services)} services"
    return ok(str(file), f"{spec.repository.name}, {spec.environment}: {parts}")


def check_dagster_home(inspected: Inspected) -> Check:
    """Where Dagster keeps runs, schedules and logs."""
    value = inspected.environment.get("DAGSTER_HOME", "")
    if not value:
        return skipped("DAGSTER_HOME", f"not set: `deploy-pipeline start` keeps runs in {DEFAULT_DAGSTER_HOME}")
    home = Path(value)
    if not home.is_absolute():
        return missing("DAGSTER_HOME", f"{value} is not absolute", f"export DAGSTER_HOME={home.absolute()}")
    if not home.exists():
        return skipped("DAGSTER_HOME", f"{home} is not there yet: `deploy-pipeline start` makes it")
    if not home.is_dir() or not os.access(home, os.W_OK):
        return missing("DAGSTER_HOME", f"{home} is no folder that can be written to", "choose another folder")
    return ok("DAGSTER_HOME", str(home))


def check_sandbox(inspected: Inspected) -> Check:
    """The sandbox, where there is one."""
    try:
        found = status(inspected.sandbox_home)
    except DeployError as error:
        return missing("Sandbox", str(error), error.todo)
    if found.state is None:
        return skipped("Sandbox", f"none in {inspected.sandbox_home}")
    problems = [f"{part.name}: {part.problem}" for part in found.components if not part.works]
    if found.works:
        return ok("Sandbox", ", ".join(f"{part.name} at {part.address}" for part in found.components))
    return missing("Sandbox", "; ".join(problems) or "not complete", "deploy-pipeline sandbox up")
