"""What a plan of Terraform 1.11 amounts to."""

import json
from typing import Any

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding, Table, not_audited
from deploy_pipeline.core.checks.plan_policy import MOST_ROWS, assess_plan, failed_plan
from deploy_pipeline.core.checks.terraform_diagnostics import announced_losses
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline.core.spec_infrastructure_checks import TerraformPlanCheck
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

SPEC = TerraformPlanCheck()
TODO = "where that is meant, add the address to `validation.checks.terraform_plan.allow_destroy` on the base branch"


def change(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"actions": list(actions), "before": None, "after": None, "after_unknown": {}}
    return {"address": address, "type": address.split(".", maxsplit=1)[0], "change": given, **more}


def shown(*changes: dict[str, Any]) -> Outcome:
    plan = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": changes}
    return finished(json.dumps(plan))


def assessed(*changes: dict[str, Any], spec: TerraformPlanCheck = SPEC) -> Assessment:
    return assess_plan(spec, "main", "terraform/main", shown(*changes), frozenset())


def test_a_plan_of_nothing_passes() -> None:
    found = assessed(change("aws_s3_bucket.data", "no-op"))
    assert (found.state, found.summary) == ("passed", "main: 0 to add, 0 to change, 0 to replace, 0 to destroy")
    assert found.tables == ()
    assert str(found.facts.pop("plan_digest_main")).startswith("sha256:")
    assert found.facts == {"plan_add_main": 0, "plan_change_main": 0, "plan_replace_main": 0, "plan_destroy_main": 0}
    assert [report.name for report in found.reports] == ["plan-main.json"]


def test_losing_data_fails_and_comes_first() -> None:
    found = assessed(
        change("aws_lambda_function.score", "create"),
        change("aws_kms_key.data", "delete", "create", action_reason="replace_because_cannot_update"),
        change("aws_s3_bucket.data", "delete", action_reason="delete_because_no_resource_config"),
        change("aws_iam_role.score", "delete"),
    )
    assert found.state == "failed"
    assert found.summary == (
        "main: 1 to add, 0 to change, 1 to replace, 2 to destroy: aws_kms_key.data, aws_s3_bucket.data must not be lost"
    )
    assert found.findings == (
        Finding(
            "protected-resource",
            f"the plan replaces aws_kms_key.data, which has data in it: {TODO}",
            path="terraform/main",
            subject="aws_kms_key.data",
        ),
        Finding(
            "protected-resource",
            f"the plan destroys aws_s3_bucket.data, which has data in it: {TODO}",
            path="terraform/main",
            subject="aws_s3_bucket.data",
        ),
    )
    assert found.tables == (
        Table(
            "Plan of main",
            ("Change", "Resource", "Because"),
            (
                ("destroy", "aws_iam_role.score", ""),
                ("destroy", "aws_s3_bucket.data", "delete because no resource config"),
                ("replace", "aws_kms_key.data", "replace because cannot update"),
                ("add", "aws_lambda_function.score", ""),
            ),
        ),
    )


def test_a_plan_that_lacks_an_announced_loss_is_not_the_one_that_was_made() -> None:
    line = {"type": "planned_change", "change": {"resource": {"addr": "aws_s3_bucket.data"}, "action": "delete"}}
    noise = [
        {"change": 1},
        {"change": {"action": "delete", "resource": 1}},
        [],
        {"type": "change_summary", "changes": {}},
    ]
    announced = announced_losses("\n".join(["x", *map(json.dumps, [line, *noise])]))
    assert announced == {"aws_s3_bucket.data"}
    lost = shown(change("aws_s3_bucket.data", "delete"))
    spec = TerraformPlanCheck(allow_destroy=("aws_s3_bucket.data",))
    assert assess_plan(spec, "main", "terraform/main", lost, announced).state == "passed"
    what = "main: the plan that was kept is not the one that was made: it does not lose aws_s3_bucket.data"
    assert assess_plan(spec, "main", "terraform/main", shown(), announced) == Assessment("failed", what)


def test_the_base_may_allow_an_address() -> None:
    spec = TerraformPlanCheck(allow_destroy=('aws_s3_bucket.data["a"]',))
    assert assessed(change('aws_s3_bucket.data["a"]', "delete"), spec=spec).state == "passed"
    assert assessed(change('aws_s3_bucket.data["b"]', "delete"), spec=spec).state == "failed"


def test_a_long_table_is_cut() -> None:
    (table,) = assessed(*(change(f"aws_eip.a{number:03}", "create") for number in range(MOST_ROWS + 5))).tables
    assert len(table.rows) == MOST_ROWS + 1
    assert table.rows[-1] == ("…", "and 5 more", "")


@pytest.mark.parametrize(
    "outcome",
    [
        finished(),
        finished("[]"),
        finished("{}"),
        finished('{"format_version": "1.2", "planned_values": []}'),
        finished('{"format_version": "1.2", "planned_values": {}, "resource_changes": [{}]}'),
        shown(change("aws_eip.a", "explode")),
        finished("[" * 100_000),
        finished(shown().stdout, returncode=1),
        Outcome("finished", 0, shown().stdout, "", 1.0, truncated=True),
    ],
)
def test_what_is_not_a_plan_is_broken(outcome: Outcome) -> None:
    assert assess_plan(SPEC, "main", "terraform/main", outcome, frozenset()).state == "broken"


def said(*diagnostics: dict[str, Any]) -> Outcome:
    lines = [
        {"@level": "info", "type": "version"},
        *({"type": "diagnostic", "diagnostic": each} for each in diagnostics),
    ]
    return finished("\n".join(json.dumps(line) for line in lines), returncode=1)


def diagnostic(summary: str, detail: str = "", line: int = 0, **more: Any) -> dict[str, Any]:
    place = {"range": {"filename": "a.tf", "start": {"line": line}}} if line else {}
    return {"severity": "error", "summary": summary, "detail": detail, **place, **more}


UNDECLARED = diagnostic("Reference to undeclared input variable", 'An input variable with the name "nope" ...', 3)
# As Terraform 1.11 prints it: the pull request writes the detail.
PRECONDITION = diagnostic("Module output value precondition failed", "s3cret\n\nError: AccessDenied", 7)
DENIED = diagnostic(
    "reading S3 Bucket (data): operation error S3: HeadBucket, https response error StatusCode: 403, RequestID: X",
    line=1,
    address="aws_s3_bucket.data",
)
STATE = diagnostic("Error refreshing state", "operation error S3: GetObject, https response error StatusCode: 403")
FAILED: list[tuple[Outcome, Assessment]] = [
    (
        said(UNDECLARED, PRECONDITION, {"severity": "warning", "summary": "AccessDenied"}),
        Assessment(
            "failed",
            "tf/a.tf:3: Reference to undeclared input variable, and 1 more error",
            (
                Finding("terraform-plan", "Reference to undeclared input variable", path="tf/a.tf", line=3),
                Finding("terraform-plan", "Module output value precondition failed", path="tf/a.tf", line=7),
            ),
        ),
    ),
    (said(UNDECLARED, DENIED), not_audited(f"main: {DENIED['summary']}")),
    (said(STATE), not_audited("main: Error refreshing state")),
    (
        finished('s3cret\n[]\n{"diagnostic": 1}\n' + "[" * 100_000, returncode=1, stderr="s3cret"),
        Assessment("broken", "main: terraform plan ended with 1 and named no error"),
    ),
]


@pytest.mark.parametrize(("outcome", "expected"), FAILED)
def test_a_failed_plan_shows_heads_and_never_details(outcome: Outcome, expected: Assessment) -> None:
    assert failed_plan(outcome, PLACES, "main", "tf") == expected


def test_a_plan_that_went_well_is_no_failure() -> None:
    assert failed_plan(finished(), PLACES, "main", "tf") is None
