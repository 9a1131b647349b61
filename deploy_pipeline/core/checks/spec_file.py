"""The check of the head's deploy.yaml: it is read here as the deployment would read it after the merge."""

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.plain_text import counted
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_mistakes import SpecError, SpecMistake


def assess_spec(head: bytes | None, name: str = "deploy.yaml") -> Assessment:
    """What is wrong with the head's file `name`, None where the head has none: one finding for each mistake."""
    if head is None:
        missing = Finding("missing", f"{name} is not in the repository any more: nothing could be deployed", path=name)
        return Assessment("failed", f"{name} is missing", (missing,))
    try:
        load_spec(head, name)
    except SpecError as error:
        findings = tuple(_finding(mistake) for mistake in error.mistakes)
        count = counted(len(findings), "mistake")
        return Assessment("failed", f"{count} in {name}", findings)
    return Assessment("passed", f"{name} is valid")


def _finding(mistake: SpecMistake) -> Finding:
    place = f"{mistake.file}:{mistake.line}: "
    return Finding(
        "deploy-spec",
        str(mistake).removeprefix(place),
        path=mistake.file,
        line=mistake.line,
        subject=mistake.key,
    )
