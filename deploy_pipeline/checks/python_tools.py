"""The checks of Python code that are one tool over the checkout: format, imports, style, types, security."""

from dataclasses import replace
from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.tool_run import SECONDS, absent_environment, absent_targets, run_tool
from deploy_pipeline.checks.tree_files import new_suppressions
from deploy_pipeline.core.checks import bandit, black, flake8, isort, mypy
from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.outcome import unfinished
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.suppressions import in_numbers
from deploy_pipeline.core.spec_python_checks import BanditCheck
from deploy_pipeline.gateways.isolation import Box


def check_black(subject: Subject, bench: Bench) -> Assessment:
    """Whether Python code is formatted."""
    spec = subject.spec.validation.checks.black
    return absent_targets(subject, spec.targets) or run_tool(
        bench.box("black", subject), bench, spec, lambda places: black.argv(spec, places), black.assess
    )


def check_isort(subject: Subject, bench: Bench) -> Assessment:
    """Whether imports are in order."""
    spec = subject.spec.validation.checks.isort
    return absent_targets(subject, spec.targets) or run_tool(
        bench.box("isort", subject), bench, spec, lambda places: isort.argv(spec, places), isort.assess
    )


def check_flake8(subject: Subject, bench: Bench) -> Assessment:
    """Mistakes and style of Python code."""
    spec = subject.spec.validation.checks.flake8
    return absent_targets(subject, spec.targets) or _with_comments(
        "flake8",
        subject,
        run_tool(bench.box("flake8", subject), bench, spec, lambda places: flake8.argv(spec, places), flake8.assess),
    )


def check_mypy(subject: Subject, bench: Bench) -> Assessment:
    """Types of Python code, with the repository's dependencies at hand."""
    spec = subject.spec.validation.checks.mypy
    setup = replace(bench.box("mypy", subject), environment=bench.prepared.environment)
    absent = absent_environment(bench) or absent_targets(subject, spec.targets)
    if absent:
        return absent
    with bench.isolation.box(setup) as box:
        argv = mypy.argv(spec, box.places)
        outcome = box.run(argv, timeout=spec.timeout_minutes * SECONDS, on_line=bench.on_line)
        failure = unfinished(outcome, spec.timeout_minutes, setup.limits)
        if failure:
            return failure
        assessment = mypy.assess(outcome, box.places.checkout, box.read(mypy.report(box.places)))
    return _with_comments("mypy", subject, assessment)


def check_bandit(subject: Subject, bench: Bench) -> Assessment:
    """Security mistakes in Python code: those that the merge base has too do not block."""
    spec = subject.spec.validation.checks.bandit
    absent = absent_targets(subject, spec.targets)
    if absent:
        return absent
    setup = replace(bench.box("bandit", subject), base=subject.base_tree)
    with bench.isolation.box(setup) as box:
        report, places = f"{box.places.scratch}/head.json", box.places
        argv = bandit.argv(spec, places, report, _ini(subject.head_tree, places.checkout))
        outcome = box.run(argv, timeout=spec.timeout_minutes * SECONDS, on_line=bench.on_line)
        failure = unfinished(outcome, spec.timeout_minutes, setup.limits)
        if failure:
            return failure
        # The head comes first: a run that does not end takes the box with it.
        content = box.read(report)
        base = _base_findings(spec, subject, box) if subject.base_tree else None
    return _with_comments("bandit", subject, bandit.assess(spec, outcome, content, places.checkout, base))


def _with_comments(check: str, subject: Subject, assessment: Assessment) -> Assessment:
    """The same with the new comments that silence the tool; they never block."""
    comments = new_suppressions(check, subject)
    if not comments or assessment.state not in ("passed", "failed"):
        return assessment
    summary = f"{assessment.summary}, {in_numbers(comments)}"
    return replace(assessment, summary=summary, findings=(*assessment.findings, *comments))


def _base_findings(spec: BanditCheck, subject: Subject, box: Box) -> bandit.Read | None:
    """What bandit finds at the merge base. Where that fails, everything at the head counts as new."""
    report, places = f"{box.places.scratch}/base.json", box.places
    argv = bandit.argv(spec, places, report, _ini(subject.base_tree, places.base))
    outcome = box.run(argv, timeout=spec.timeout_minutes * SECONDS, cwd=places.base)
    return bandit.parse(spec, box.read(report), places.base) if outcome.ending == "finished" else None


def _ini(tree: str, mounted: str) -> str:
    """The path in the box of the one `.bandit` that counts: the repository's own, at its root."""
    file = Path(tree, ".bandit")
    return f"{mounted}/.bandit" if file.is_file() and not file.is_symlink() else "/dev/null"
