"""Several stacks as one assessment."""

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Report, Table, not_audited, skipped
from deploy_pipeline.core.checks.stack_results import combined


def test_combined_is_the_worst_with_everything() -> None:
    table, report = Table("t", ("c",), ()), Report("plan-a.json", b"{}")
    good = Assessment("passed", "a is valid", (), (table,), {"plan_digest_a": "x"}, (report,))
    bad = Assessment("failed", "b: 1 errors", (Finding("r", "m"),))
    assert combined((good, not_audited("c: no module"), bad)) == Assessment(
        "failed",
        "b: 1 errors; c: no module; a is valid",
        (Finding("r", "m"),),
        (table,),
        {"plan_digest_a": "x"},
        (report,),
    )


def test_combined_of_nothing_is_skipped() -> None:
    assert combined(()) == skipped("deploy.yaml names no Terraform stack")
