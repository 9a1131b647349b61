"""The doctor's checks for the validation of pull requests. The advisory service is the sandbox's own, on loopback."""

from pathlib import Path

import pytest

from deploy_pipeline.cli.checks import validation_checks
from deploy_pipeline.cli.checks.check import Ask, Check, Inspected, ok, skipped
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.ports import free_port
from deploy_pipeline.settings import settings_from
from deploy_pipeline_tests.fakes.fake_process import FakeProcess
from deploy_pipeline_tests.sandbox.doubles_support import Clock, serving

IMAGE = "python:3.11-slim-bookworm"
ROLE = "arn:aws:iam::123456789012:role/plan"
SPEC = """\
version: 1
environment: test
repository: {{name: acme/app}}
aws: {{region: eu-west-1, artifact_bucket: app-artifacts, ledger_bucket: app-ledger}}
validation: {validation}
"""


def inspected(
    folder: Path, validation: str = "{}", environment: dict[str, str] | None = None, programs: tuple[str, ...] = ()
) -> Inspected:
    """A machine with a spec, on which `programs` are all that is on PATH."""
    (folder / "deploy.yaml").write_text(SPEC.format(validation=validation))
    env = {"DEPLOY_PIPELINE_SPEC": str(folder / "deploy.yaml"), **(environment or {})}
    process = FakeProcess(lambda call: Completed(call.argv, 0, "", ""))
    return Inspected(
        env, settings_from(env), process, folder, lambda name: Path("/bin") / name if name in programs else None
    )


def test_check_isolation_without_an_engine_names_the_other_way(tmp_path: Path) -> None:
    found = validation_checks.check_isolation(inspected(tmp_path, environment={"DOCKER_HOST": f"unix://{tmp_path}/no"}))

    assert found.outcome == "missing"
    assert found.todo.endswith("or set validation.isolation to process, where every author is trusted")


def test_check_isolation_by_process_needs_no_engine(tmp_path: Path) -> None:
    machine = inspected(tmp_path, "{isolation: process}", {"DOCKER_HOST": f"unix://{tmp_path}/no"})

    assert validation_checks.check_isolation(machine) == ok(
        "Isolation", "none: pull requests run as this user, so every author has to be trusted"
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("image", "outcome", "detail"),
    [
        (IMAGE, "ok", f"containers of {IMAGE}"),
        (
            "no.such.image/x:1",
            "skipped",
            "the engine does not have no.such.image/x:1 yet: it is pulled when it is needed (where no registry can be "
            "reached, `deploy-pipeline sandbox up` has a stand-in)",
        ),
    ],
)
def test_check_isolation_by_containers(tmp_path: Path, image: str, outcome: str, detail: str) -> None:
    found = validation_checks.check_isolation(inspected(tmp_path, f"{{base_image: '{image}'}}"))

    assert (found.outcome, found.detail) == (outcome, detail)


@pytest.mark.parametrize("ask", [validation_checks.check_isolation, validation_checks.check_plan_role])
def test_checks_of_a_spec_that_cannot_be_read_are_skipped(tmp_path: Path, ask: Ask) -> None:
    machine = inspected(tmp_path, "[]")

    assert ask(machine).outcome == "skipped"
    assert ask(machine).detail.endswith("deploy.yaml cannot be read")


@pytest.mark.parametrize(
    ("validation", "environment", "detail"),
    [
        (f"{{checks: {{terraform_plan: {{role_arn: '{ROLE}'}}}}}}", {}, f"{ROLE}: asked when it is first used"),
        (
            "{}",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            "none: the emulator that AWS_ENDPOINT_URL names is planned against without one",
        ),
        (
            "{}",
            {},
            "none, so pull requests are not planned, nor their cost estimated: it is the output plan_role_arn of "
            "terraform/bootstrap, for validation.checks.terraform_plan.role_arn",
        ),
    ],
)
def test_check_plan_role(tmp_path: Path, validation: str, environment: dict[str, str], detail: str) -> None:
    assert validation_checks.check_plan_role(inspected(tmp_path, validation, environment)) == skipped(
        "Plan role", detail
    )


@pytest.mark.parametrize("path", ["/osv/v1/query", "/osv", "/osv/"])
def test_check_advisories_asks_the_service(tmp_path: Path, path: str) -> None:
    with serving(tmp_path / "state", Clock()) as site:
        found = validation_checks.check_advisories(
            inspected(tmp_path, environment={"DEPLOY_PIPELINE_ADVISORY_URL": site + path})
        )

    assert found == ok("Advisories", site + path)


def test_check_advisories_where_something_else_answers(tmp_path: Path) -> None:
    with serving(tmp_path / "state", Clock()) as site:
        found = validation_checks.check_advisories(
            inspected(tmp_path, environment={"DEPLOY_PIPELINE_ADVISORY_URL": f"{site}/slack"})
        )

    assert (found.outcome, found.detail) == ("missing", f"HTTP 404 at {site}/slack: not OSV's answer")


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/osv", "no address", "http://127.0.0.1:port"])
def test_check_advisories_where_nothing_answers(tmp_path: Path, url: str) -> None:
    environment = {"DEPLOY_PIPELINE_ADVISORY_URL": url.format(port=free_port())}

    found = validation_checks.check_advisories(inspected(tmp_path, environment=environment))

    assert (found.outcome, "does not answer" in found.detail) == ("missing", True)


@pytest.mark.parametrize(
    ("validation", "programs", "outcome"),
    [
        ("{}", (), "skipped"),
        ("{}", ("tfsec",), "ok"),
        ("{checks: {tfsec: {enabled: true}}}", (), "missing"),
        ("{checks: {tfsec: {enabled: true}}}", ("tfsec",), "ok"),
    ],
)
def test_check_tfsec(tmp_path: Path, validation: str, programs: tuple[str, ...], outcome: str) -> None:
    assert validation_checks.check_tfsec(inspected(tmp_path, validation, programs=programs)).outcome == outcome


@pytest.mark.parametrize(
    ("programs", "environment", "expected"),
    [
        ((), {}, skipped("Infracost", "not configured: cost is estimated by the price sheet")),
        (("infracost",), {"INFRACOST_API_KEY": "secret"}, ok("Infracost", "/bin/infracost")),
        (
            ("infracost",),
            {},
            skipped("Infracost", "/bin/infracost, but no INFRACOST_API_KEY: cost is estimated by the price sheet"),
        ),
        (
            (),
            {"INFRACOST_API_KEY": "secret"},
            skipped(
                "Infracost",
                "INFRACOST_API_KEY is set, but infracost is not on PATH: cost is estimated by the price sheet",
            ),
        ),
    ],
)
def test_check_infracost(
    tmp_path: Path, programs: tuple[str, ...], environment: dict[str, str], expected: Check
) -> None:
    assert validation_checks.check_infracost(inspected(tmp_path, "{}", environment, programs)) == expected


def test_accounts_that_are_not_configured_are_hints(tmp_path: Path) -> None:
    machine = inspected(tmp_path)

    assert [validation_checks.check_safety(machine), validation_checks.check_codecov(machine)] == [
        skipped("safety", "not configured (SAFETY_API_KEY): pip-audit alone looks for vulnerable dependencies"),
        skipped("Codecov", "not configured (CODECOV_TOKEN): coverage is told in the pull request alone"),
    ]
    assert validation_checks.check_advisories(machine).outcome == "skipped"


def test_accounts_that_are_configured_are_not_asked_and_not_shown(tmp_path: Path) -> None:
    machine = inspected(tmp_path, environment={"SAFETY_API_KEY": "secret", "CODECOV_TOKEN": "secret"})

    found = [validation_checks.check_safety(machine), validation_checks.check_codecov(machine)]

    assert [check.detail.partition(": ")[2] for check in found] == ["asked when it is first used"] * 2
    assert "secret" not in str(found)
