"""`terraform fmt` as Terraform 1.11 prints it."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding
from deploy_pipeline.core.checks.terraform_fmt import argv, assess
from deploy_pipeline.core.isolation import Outcome
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

DIFF = """\
terraform/main/net.tf
--- old/terraform/main/net.tf
+++ new/terraform/main/net.tf
@@ -3,9 +3,9 @@
 resource "aws_security_group" "open" {
-    name = "open"
+  name = "open"
 }
"""
INVALID = """\
There are some problems with the CLI configuration:
╷
│ Warning: Unable to open CLI configuration file
│
│ The CLI configuration file at "/root/.terraformrc" does not exist.
╵


Error: Invalid character encoding

  on terraform/main/bin.tf line 2, in locals:
   2:   a = "��"

All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected
in your editor.


Error: Invalid expression

  on ../../etc/broken.tf line 2, in resource "aws_s3_bucket" "c":
   2:   bucket =
   3: }

Expected the start of an expression, but found an invalid expression token.
"""
ENCODING = (
    "Invalid character encoding: All input files must be UTF-8 encoded. "
    "Ensure that UTF-8 encoding is selected in your editor."
)
EXPRESSION = "Invalid expression: Expected the start of an expression, but found an invalid expression token."
CASES: list[tuple[Outcome, Assessment]] = [
    (finished(), Assessment("passed", "every Terraform file is formatted")),
    (
        finished(DIFF, returncode=3),
        Assessment(
            "failed",
            "1 file is not formatted: run `terraform fmt -recursive`",
            (Finding("terraform-fmt", "is not formatted: run `terraform fmt`", path="terraform/main/net.tf", line=3),),
        ),
    ),
    (
        finished(DIFF + DIFF.replace("net.tf", "z.tf"), returncode=3),
        Assessment(
            "failed",
            "2 files are not formatted: run `terraform fmt -recursive`",
            tuple(
                Finding("terraform-fmt", "is not formatted: run `terraform fmt`", path=path, line=3)
                for path in ("terraform/main/net.tf", "terraform/main/z.tf")
            ),
        ),
    ),
    (
        finished(returncode=2, stderr=INVALID.rpartition("Error:")[0]),
        Assessment(
            "failed",
            "1 error in Terraform files that cannot be read",
            (Finding("terraform-syntax", ENCODING, path="terraform/main/bin.tf", line=2),),
        ),
    ),
    (
        finished(returncode=2, stderr=INVALID),
        Assessment(
            "failed",
            "2 errors in Terraform files that cannot be read",
            (
                Finding("terraform-syntax", ENCODING, path="terraform/main/bin.tf", line=2),
                Finding("terraform-syntax", EXPRESSION),
            ),
        ),
    ),
]


@pytest.mark.parametrize(("outcome", "expected"), CASES)
def test_assess(outcome: Outcome, expected: Assessment) -> None:
    assert assess(outcome, "/checkout") == expected


@pytest.mark.parametrize("outcome", [finished(returncode=c, stderr="?") for c in (1, 2, 3, 127)])
def test_assess_is_broken_by_what_terraform_does_not_document(outcome: Outcome) -> None:
    assert assess(outcome, "/checkout").state == "broken"


def test_a_file_cannot_pass_for_another() -> None:
    forged = DIFF + "--- old/other.tf\n+++ new/other.tf\n@@ -1,1 +1,1 @@\n"
    assert [each.path for each in assess(finished(forged, returncode=3), "/checkout").findings] == [
        "terraform/main/net.tf"
    ]


def test_argv_changes_nothing() -> None:
    assert argv(PLACES) == ("/opt/tools/bin/terraform", "fmt", "-check", "-diff", "-recursive", "-no-color")
