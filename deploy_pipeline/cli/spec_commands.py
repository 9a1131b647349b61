"""`deploy-pipeline spec`: checks a deploy.yaml and prints its JSON Schema. What is right is decided in `core`."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import click

from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import MAX_BYTES, load_spec
from deploy_pipeline.core.spec_mistakes import SpecError, SpecMistake
from deploy_pipeline.core.spec_schema import spec_schema_text

SCHEMA_FILE = Path("docs/deploy.schema.json")
MISTAKES = 1


@click.group()
def spec() -> None:
    """Check deploy.yaml and see its JSON Schema."""


@spec.command()
@click.argument("file", type=click.File("rb"), default="deploy.yaml")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
def check(file: BinaryIO, as_json: bool) -> None:
    """Check FILE (deploy.yaml; - for standard input) and list every mistake in it.

    Exit codes: 0 no mistake, 1 mistakes, 2 wrong usage or no such file.
    """
    name = getattr(file, "name", "<stdin>")
    # One byte more than allowed is enough to see that it is too large.
    text = file.read(MAX_BYTES + 1)
    try:
        found = load_spec(text, name)
    except SpecError as error:
        _report(name, error.mistakes, as_json, str(error))
        sys.exit(MISTAKES)
    _report(name, (), as_json, f"{name}: {_summary(found)}")


@spec.command()
@click.option("--write", is_flag=True, help=f"Write {SCHEMA_FILE} below the current folder instead of printing.")
def schema(write: bool) -> None:
    """Print the JSON Schema of deploy.yaml."""
    if not write:
        click.echo(spec_schema_text(), nl=False)
        return
    if not SCHEMA_FILE.parent.is_dir():
        raise click.UsageError(f"there is no folder {SCHEMA_FILE.parent}/ here: run this in the repository's root")
    SCHEMA_FILE.write_text(spec_schema_text(), encoding="utf-8")
    click.echo(f"wrote {SCHEMA_FILE}")


def _report(name: str, mistakes: tuple[SpecMistake, ...], as_json: bool, text: str) -> None:
    if as_json:
        answer = {"file": name, "ok": not mistakes, "mistakes": [asdict(mistake) for mistake in mistakes]}
        click.echo(json.dumps(answer, indent=2))
    else:
        click.echo(text, err=bool(mistakes))


def _summary(found: Spec) -> str:
    parts = {
        "image": len(found.images),
        "function": len(found.functions),
        "service": len(found.services),
        "Terraform stack": len(found.terraform),
        "smoke test": len(found.smoke_tests),
    }
    return "ok: " + ", ".join(f"{number} {what}{'' if number == 1 else 's'}" for what, number in parts.items())
