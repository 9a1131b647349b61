"""`terraform fmt`: its command line, and what it says about files that are not formatted or not Terraform at all."""

import re

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.outcome import crashed, unreadable
from deploy_pipeline.core.checks.plain_text import counted, repository_path
from deploy_pipeline.core.checks.terraform_diagnostics import errors_in
from deploy_pipeline.core.isolation import Outcome, Places

FORMATTED, INVALID, UNFORMATTED = 0, 2, 3
RULE = "terraform-fmt"
# The name of the file, then a unified diff that repeats it: a line of a file alone cannot look like this.
CHANGED = re.compile(r"^(?P<path>.+)\n--- old/(?P=path)\n\+\+\+ new/(?P=path)\n@@ -(?P<line>\d{1,7})", re.M)


def argv(places: Places) -> tuple[str, ...]:
    """Looks at every Terraform file below the current folder, and changes none."""
    return (places.program("terraform"), "fmt", "-check", "-diff", "-recursive", "-no-color")


def assess(outcome: Outcome, checkout: str) -> Assessment:
    """A program that finished. Where files cannot be read, nothing is said about the format of the others."""
    if outcome.returncode == FORMATTED:
        return Assessment("passed", "every Terraform file is formatted")
    if outcome.returncode == INVALID:
        return _invalid(outcome, checkout)
    if outcome.returncode == UNFORMATTED:
        return _unformatted(outcome, checkout)
    return crashed("terraform fmt", outcome)


def _invalid(outcome: Outcome, checkout: str) -> Assessment:
    findings = errors_in(outcome.stderr, checkout, rule="terraform-syntax")
    if not findings:
        return crashed("terraform fmt", outcome)
    return Assessment("failed", f"{counted(len(findings), 'error')} in Terraform files that cannot be read", findings)


def _unformatted(outcome: Outcome, checkout: str) -> Assessment:
    found = [(repository_path(each["path"], checkout), int(each["line"])) for each in CHANGED.finditer(outcome.stdout)]
    if not found:
        return unreadable("terraform fmt", outcome)
    message = "is not formatted: run `terraform fmt`"
    findings = tuple(Finding(RULE, message, path=path, line=line) for path, line in found)
    files = counted(len(findings), "file is", "files are")
    return Assessment("failed", f"{files} not formatted: run `terraform fmt -recursive`", findings)
