"""The `deploy-pipeline` command: its groups and the one place where errors become exit codes."""

import signal
import sys

import click

from deploy_pipeline.cli.lazy_group import LazyGroup
from deploy_pipeline.core.errors import DeployError

FAILED = 1
INTERRUPTED = 130
ALONE = ("demo", "doctor", "run", "sandbox", "spec", "start", "status", "time", "validate")
"""Commands, or groups of them, that have a module of their own."""
PLACES = {
    **{name: f"deploy_pipeline.cli.{name}_commands" for name in ALONE},
    **dict.fromkeys(("analyse", "decide", "promote"), "deploy_pipeline.cli.rollout_commands"),
    **dict.fromkeys(("approvals", "approve", "reject"), "deploy_pipeline.cli.approval_commands"),
    **dict.fromkeys(("reconcile", "rollback"), "deploy_pipeline.cli.ledger_commands"),
}


@click.group(cls=LazyGroup, places=PLACES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="deploy-pipeline")
def commands() -> None:
    """Self-hosted CI/CD on Dagster for machine-learning services on AWS.

    Exit codes: 0 all well, 1 something failed or is missing, 2 wrong usage, 130 interrupted.
    """


def interrupted(number: int, frame: object) -> None:
    """End as on Ctrl-C, so that everything that was started is stopped."""
    raise KeyboardInterrupt


def hung_up(number: int, frame: object) -> None:
    """The terminal is gone: as Ctrl-C, by whoever answers that just now. A run has an answer of its own."""
    signal.raise_signal(signal.SIGINT)


def main() -> None:
    """Run the command line; an error that an operator can act on is shown without a traceback."""
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGINT, interrupted)  # a shell that starts a program with `&` lets it ignore this one
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # `nohup` has it ignored
        signal.signal(signal.SIGHUP, hung_up)
    try:
        # Without its standalone mode, click returns the code of an `Exit` instead of ending with it.
        sys.exit(commands.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except DeployError as error:
        click.secho(str(error), fg="red", err=True)
        sys.exit(FAILED)


if __name__ == "__main__":
    main()
