"""How one check is run: whether at all, and what is left of what it found."""

from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.runner import Checked, run_check
from deploy_pipeline.core.checks.assessment import MOST_FINDINGS, Assessment, CheckResult, Finding, Report, Table
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.checks.benches import a_bench, a_subject
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation

CLOCK = FakeClock()
BENCH = a_bench(FakeIsolation(), clock=CLOCK)
SUBJECT = a_subject(Path("/nowhere"))


def passes(subject: Subject, bench: Bench) -> Assessment:
    bench.clock.sleep(1.234)
    return Assessment("passed", "all good", reports=(Report("r.json", b"{}"),))


def test_a_check_that_passes() -> None:
    result = CheckResult("black", "passed", "all good", required=True, seconds=1.23)
    assert run_check("black", passes, SUBJECT, BENCH) == Checked(result, (Report("r.json", b"{}"),))


@pytest.mark.parametrize(
    ("subject", "everything", "summary"),
    [
        (replace(SUBJECT, changes=()), False, "no file changed"),
        (a_subject(Path("/nowhere"), changed="README.md"), False, "no changed file matches *.py, *.pyi"),
        (a_subject(Path("/x"), checks={"black": {"enabled": False}}), False, "switched off in deploy.yaml"),
        (a_subject(Path("/x"), checks={"black": {"enabled": False}}), True, "switched off in deploy.yaml"),
    ],
)
def test_a_check_that_does_not_have_to_run(subject: Subject, everything: bool, summary: str) -> None:
    result = CheckResult("black", "skipped", summary, required=True)
    assert run_check("black", passes, subject, BENCH, everything=everything) == Checked(result)


def test_everything_is_checked_when_that_is_wanted() -> None:
    nothing = replace(SUBJECT, changes=())
    assert run_check("black", passes, nothing, BENCH, everything=True).result.state == "passed"


def test_trouble_of_ours_breaks_the_check_and_is_told_in_one_line() -> None:
    def breaks(subject: Subject, bench: Bench) -> Assessment:
        raise DeployError("no engine\x1b[2J", where="Docker", todo="start it")

    expected = CheckResult("black", "broken", "Docker: no engine [2J What to do: start it", required=True)
    assert run_check("black", breaks, SUBJECT, BENCH) == Checked(expected)


def test_a_mistake_of_ours_breaks_one_check_and_is_told_in_full() -> None:
    def is_wrong(subject: Subject, bench: Bench) -> Assessment:
        raise KeyError("s3cret")

    told: list[str] = []
    checked = run_check("black", is_wrong, SUBJECT, replace(BENCH, on_line=told.append))
    summary = "the check itself failed with KeyError: see the log of its step"
    assert checked == Checked(CheckResult("black", "broken", summary, required=True))
    assert (told[0], told[-1]) == ("Traceback (most recent call last):", "KeyError: 's3cret'")


def test_a_run_that_is_cancelled_is_not_a_broken_check() -> None:
    def is_cancelled(subject: Subject, bench: Bench) -> Assessment:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_check("black", is_cancelled, SUBJECT, BENCH)


def test_the_most_important_findings_are_kept_and_all_are_counted() -> None:
    minor = tuple(Finding(f"n{number}", "m", path="a.py", line=number, blocks=False) for number in range(MOST_FINDINGS))
    blocking = (Finding("b2", "m", path="b.py", line=2), Finding("b1", "m", path="b.py", line=1))

    def finds(subject: Subject, bench: Bench) -> Assessment:
        return Assessment("failed", "many", (*minor, *blocking))

    result = run_check("black", finds, SUBJECT, BENCH).result
    assert (result.found, result.blocking, len(result.findings)) == (MOST_FINDINGS + 2, 2, MOST_FINDINGS)
    assert [finding.rule for finding in result.findings[:3]] == ["b1", "b2", "n0"]


def test_what_a_tool_said_of_odd_file_names_can_be_kept_as_json() -> None:
    odd = "a\udcff\nb"

    def finds(subject: Subject, bench: Bench) -> Assessment:
        return Assessment("failed", odd, (Finding(odd, odd, path=odd),), (Table(odd, (odd,), ((odd,),)),), {odd: odd})

    result = run_check("black", finds, SUBJECT, BENCH).result
    assert (result.summary, result.facts) == ("a\\udcff\nb", {"a\\udcff\nb": "a\\udcff\nb"})
    kept = TypeAdapter(CheckResult)
    assert kept.validate_json(kept.dump_json(result)) == result
