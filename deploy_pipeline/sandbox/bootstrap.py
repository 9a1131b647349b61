"""Applying a repository's `terraform/bootstrap` to MiniStack, as a person applies it once to AWS."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.programs import must_run
from deploy_pipeline.sandbox.progress import Progress
from deploy_pipeline.sandbox.provider_mirror import cli_configuration

FOLDER = Path("terraform", "bootstrap")
NOT_COPIED = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan")
INIT_SECONDS = 300
APPLY_SECONDS = 600
MADE_TWICE = "EntityAlreadyExists"
TODO = "correct terraform/bootstrap, then run `deploy-pipeline sandbox up` again"


def apply_bootstrap(
    source: Path,
    layout: Layout,
    terraform: Path,
    mirror: Path | None,
    process: Process,
    environment: Mapping[str, str],
    progress: Progress,
    reset: Callable[[], None],
) -> None:
    """Apply a copy of the stack with a state of its own; a state of an earlier MiniStack is thrown away.

    `environment` is all that Terraform sees, and points at MiniStack, whose account is empty and which `reset` empties
    again. A repository without the folder has nothing to prepare: that is said.
    """
    shutil.rmtree(layout.bootstrap, ignore_errors=True)
    if not (source / FOLDER).is_dir():
        progress(f"{source} has no {FOLDER}: no bucket and no registry is made")
        return
    progress(f"Applying {FOLDER} (buckets, registries and roles)")
    shutil.copytree(source / FOLDER, layout.bootstrap, ignore=NOT_COPIED)
    env = terraform_environment(layout, mirror, environment)
    run = [str(terraform), f"-chdir={layout.bootstrap}"]
    must_run(process, [*run, "init", "-input=false", "-no-color"], env=env, timeout=INIT_SECONDS, todo=TODO)
    apply = [*run, "apply", "-auto-approve", "-input=false", "-no-color"]
    try:
        applied = must_run(process, apply, env=env, timeout=APPLY_SECONDS, todo=TODO)
    except DeployError as error:
        # In one start of about six, a policy that the provider makes in an empty account is said to be there already.
        # Why is not known; MiniStack has it then, as if an answer had been lost and the provider had asked again.
        if MADE_TWICE not in str(error):
            raise
        progress("MiniStack says that something new is there already: applying again to an empty account")
        reset()
        for state in layout.bootstrap.glob("*.tfstate*"):
            state.unlink()
        applied = must_run(process, apply, env=env, timeout=APPLY_SECONDS, todo=TODO)
    layout.log("bootstrap").write_text(applied.stdout)


def terraform_environment(layout: Layout, mirror: Path | None, environment: Mapping[str, str]) -> dict[str, str]:
    """`environment`, and the provider mirror through a CLI configuration that is written here."""
    # Nothing here lives long enough to expire, and the AWS provider waits a minute for each lifecycle rule.
    fixed = {"TF_IN_AUTOMATION": "1", "TF_VAR_expire_objects": "false"}
    seen = {**environment, **fixed}
    if mirror:
        layout.cli_configuration.write_text(cli_configuration(mirror))
        seen["TF_CLI_CONFIG_FILE"] = str(layout.cli_configuration)
    return seen
