"""The pull requests whose comments are kept whole in `deploy_pipeline_tests/data/comments`."""

from dataclasses import replace

from deploy_pipeline.core.checks.assessment import CheckResult, Finding, Table
from deploy_pipeline.core.checks.comment import render
from deploy_pipeline.core.checks.subject import PullRequest, Subject
from deploy_pipeline.core.checks.verdict import verdict
from deploy_pipeline_tests.samples import a_spec

HEAD, BASE = "a1b2c3d4e5" * 4, "0f1e2d3c4b" * 4
RUN = "http://127.0.0.1:3000/runs/1c2d"
PULL_REQUEST = PullRequest(
    7, "Train nightly", "ann", "https://github.com/acme/app/pull/7", HEAD, "nightly", BASE, "main"
)
SUBJECT = Subject("acme/app", HEAD, BASE, "/head", "/base", a_spec(), (), authorised=True, pull_request=PULL_REQUEST)
HOSTILE = (
    "@acme/admins #1 GH-2 https://evil.example www.evil.example a@evil.example ![x](http://e/x.png) [l](http://e) "
    "<img src=x> </details> <!-- | `code` \\| **b** __b__ ~~s~~ $x$ :smile: &amp; \u202egnp\u202c \x1b[31m"
    "\r\n# h\n\n- l ``` \u200b"
)

CLEAN = (
    CheckResult("black", "passed", "41 files are formatted", True, 2.3),
    CheckResult(
        "pytest",
        "passed",
        "212 tests passed, coverage 91.4 %",
        True,
        83.0,
        tables=(
            Table("Coverage", ("Of", "This head", "main", "Change"), (("all files", "91.4 %", "91.1 %", "+0.3"),)),
        ),
    ),
    CheckResult("terraform_fmt", "skipped", "no changed file matches *.tf, *.tfvars, *.tf.json, …", True),
)

FAILING = (
    CheckResult(
        "black",
        "failed",
        "1 file would be reformatted",
        True,
        1.9,
        1,
        1,
        (Finding("format", "not formatted", path="lambda/data_prep/handler.py"),),
    ),
    CheckResult("mypy", "passed", "no mistakes in 41 files", True, 21.0),
    CheckResult(
        "bandit",
        "failed",
        "1 new finding of HIGH or MEDIUM severity",
        True,
        3.2,
        3,
        1,
        (
            Finding("B105", "Possible hardcoded password", "warning", "app/a b.py", 3, blocks=False, severity="LOW"),
            Finding(
                "B602", "subprocess call with shell=True identified", "error", "app/run.py", 12, 14, severity="HIGH"
            ),
            Finding(
                "B608",
                "Possible SQL injection",
                "warning",
                "app/query.py",
                30,
                blocks=False,
                known=True,
                severity="MEDIUM",
            ),
        ),
    ),
    CheckResult("pip_audit", "not_audited", "PyPI did not answer", True, 40.0),
    CheckResult(
        "safety",
        "failed",
        "1 vulnerable package",
        False,
        4.0,
        1,
        1,
        (Finding("PVE-1", "jinja2 2.10 has a known vulnerability", subject="jinja2==2.10"),),
    ),
    CheckResult(
        "terraform_plan",
        "failed",
        "stack main would destroy aws_s3_bucket.models",
        True,
        61.0,
        1,
        1,
        (Finding("protected-resource", "would be destroyed, with the data in it", subject="aws_s3_bucket.models"),),
        (
            Table(
                "Stack main: 1 to add, 0 to change, 1 to replace, 1 to destroy",
                ("Action", "Resource", "What differs"),
                (
                    ("add", 'aws_sqs_queue.jobs["nightly"]', ""),
                    ("replace", "aws_ecs_task_definition.training", "container_definitions"),
                    ("destroy", "aws_s3_bucket.models", ""),
                ),
            ),
        ),
    ),
    CheckResult("image_build", "waiting", "it needs the label ok-to-test", True),
    CheckResult(
        "cost",
        "passed",
        "+$12.40 a month, by the price sheet of 2026-10-01",
        True,
        1.0,
        tables=(
            Table(
                "Monthly cost, by the price sheet of 2026-10-01",
                ("Stack", "Before", "After", "Change"),
                (("main", "$210.00", "$222.40", "+$12.40"),),
            ),
        ),
    ),
    CheckResult("hadolint", "broken", "the box could not be started", True, 0.4),
    CheckResult("checkov", "skipped", "switched off in deploy.yaml", True),
)

LONG_MESSAGE = "line too long (101 > 100 characters) and much more to say about it " * 2
HUGE = tuple(
    replace(
        FAILING[2],
        check=check,
        found=2000,
        blocking=1999,
        findings=tuple(Finding("E501", LONG_MESSAGE, path=f"package/module_{n}.py", line=n + 1) for n in range(200)),
    )
    for check in ("flake8", "bandit", "checkov")
)

HOSTILE_RESULTS = (
    CheckResult(
        "pytest",
        "failed",
        HOSTILE,
        True,
        1.0,
        1,
        1,
        (
            Finding(HOSTILE, HOSTILE, path="../../etc/passwd", line=1, subject=HOSTILE, severity=HOSTILE),
            Finding("r", "m", path=HOSTILE, line=3),
            Finding("r", "m", path='a") onclick=(x).py', line=3),
        ),
        (Table(HOSTILE, (HOSTILE, "b"), ((HOSTILE,), ("1", "2", "3"))),),
    ),
)


def comment(
    subject: Subject, results: tuple[CheckResult, ...], notes: tuple[str, ...] = (), limit: int = 65_000
) -> str:
    return render(subject, results, verdict(results), RUN, notes, limit)


CASES = {
    "empty": comment(SUBJECT, ()),
    "clean": comment(SUBJECT, CLEAN),
    "failing": comment(
        replace(SUBJECT, overruled=("pyproject.toml", "fargate/setup.cfg")),
        FAILING,
        (
            "The checks ran without isolation, on the pipeline's own machine.",
            "The pull request's requirements cannot be installed: no matching distribution for pandas==99.",
        ),
    ),
    "huge": comment(SUBJECT, HUGE, limit=6_000),
    "hostile": comment(
        replace(SUBJECT, overruled=(HOSTILE,), pull_request=replace(PULL_REQUEST, base_branch="a`b|c")),
        HOSTILE_RESULTS,
        (HOSTILE,),
    ),
}
