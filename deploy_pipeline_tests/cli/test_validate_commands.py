"""`deploy-pipeline validate`: what it prints, its exit codes, and that it leaves the user's repository alone."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy_pipeline.checks.runner import Checked
from deploy_pipeline.cli.validate_commands import show, validate
from deploy_pipeline.core.checks.assessment import CheckResult, Finding
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.cli.validate_case import a_repository, belongings, started
from deploy_pipeline_tests.gateways.git_case import Repository
from deploy_pipeline_tests.jobs.validation_world import a_deploy_yaml

SECONDS = 60
LINE = "import os\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.setenv("DEPLOY_PIPELINE_WORK", str(tmp_path / "work"))
    return a_repository(tmp_path / "repository")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(validate, arguments)


def answer(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_a_process_of_its_own_answers_in_json(tmp_path: Path) -> None:
    repository = a_repository(tmp_path / "repository")
    wanted = ("--check", "spec", "--check", "image_build", "--changed", "--json")
    process = started(*wanted, cwd=repository.folder / "sub", work=tmp_path / "work")
    out, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors) == (0, "")
    found = json.loads(out)
    assert found["verdict"] == "passed"
    assert [(each["check"], each["state"], each["summary"]) for each in found["checks"]] == [
        ("spec", "skipped", "no file changed"), ("image_build", "skipped", "no file changed"),
    ]  # fmt: skip


def test_everything_counts_unless_only_changes_are_wanted(repository: Repository) -> None:
    result = run(str(repository.folder), "--check", "spec")
    assert result.exit_code == 0
    first, second, last = result.stdout.splitlines()
    assert first.startswith(f"Validating {repository.folder} at ")
    assert first.endswith(": 1 checks")
    assert second.startswith("✓ spec ")
    assert last == "1 of 1 check passed"


def test_a_failure_is_shown_and_fails_and_nothing_of_the_user_is_touched(repository: Repository) -> None:
    repository.commit({"terraform/main/main.tf": ""})
    (repository.folder / "deploy.yaml").write_text(a_deploy_yaml(image_build={"timeout_minutes": 1}))
    (repository.folder / "fargate/inference").mkdir(parents=True)
    (repository.folder / "fargate/inference/Dockerfile").write_text("FROM nowhere\n")  # untracked
    before = belongings(repository)
    result = run(str(repository.folder / "sub"), "--check", "spec", "--check", "image_build", "--json", "--changed")
    found = answer(result)
    states = {each["check"]: each["state"] for each in found["checks"]}
    assert (result.exit_code, states["spec"], states["image_build"] in ("failed", "broken")) == (1, "passed", True)
    assert belongings(repository) == before
    assert list((Path(repository.folder).parent / "work/validation").iterdir()) == []


def test_what_is_not_committed_is_what_is_validated(repository: Repository) -> None:
    (repository.folder / "deploy.yaml").write_text(a_deploy_yaml(("spec",)) + "\n# changed\n")
    found = answer(run(str(repository.folder), "--check", "spec", "--changed", "--json"))
    assert found["checks"][0]["state"] == "passed"
    repository.git("stash")
    found = answer(run(str(repository.folder), "--check", "spec", "--changed", "--json"))
    assert found["checks"][0]["summary"] == "no file changed"


def test_the_base_is_what_the_user_names(repository: Repository) -> None:
    repository.commit({"deploy.yaml": a_deploy_yaml(("spec",))})
    compared = ("--check", "spec", "--changed", "--json", "--base")
    assert answer(run(str(repository.folder), *compared, "HEAD~1"))["checks"][0]["state"] == "passed"
    assert answer(run(str(repository.folder), *compared, "HEAD"))["checks"][0]["state"] == "skipped"


def test_the_cost_alone_needs_the_plan_and_is_no_success_without_one(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_PIPELINE_TERRAFORM", "/nowhere/terraform")
    repository.commit({"deploy.yaml": a_deploy_yaml(("terraform_plan", "cost"))})
    result = run(str(repository.folder), "--check", "cost", "--isolation", "process", "--json")
    (cost,) = answer(result)["checks"]
    assert (cost["check"], cost["state"]) == ("cost", "not_audited")
    assert answer(result)["verdict"] == "incomplete"


def test_a_check_that_is_switched_off_says_so(repository: Repository) -> None:
    (only,) = answer(run(str(repository.folder), "--check", "tfsec", "--json"))["checks"]
    assert (only["state"], only["summary"]) == ("skipped", "switched off in deploy.yaml")


@pytest.mark.parametrize(
    "arguments", [("--check", "blakc"), ("/nowhere/at/all",), ("--isolation", "hope"), ("--nonsense",)]
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def fails_with(result: Result) -> DeployError:
    assert isinstance(result.exception, DeployError), result
    return result.exception


def test_an_unknown_base_is_refused_and_leaves_nothing(repository: Repository) -> None:
    (repository.folder / "new.py").write_text(LINE)
    before = belongings(repository)
    assert "name a commit" in fails_with(run(str(repository.folder), "--base", "nowhere")).todo
    assert belongings(repository) == before


def test_a_folder_that_is_no_repository_is_refused(tmp_path: Path) -> None:
    assert fails_with(run(str(tmp_path))).todo == "run this in a git repository"


def test_a_repository_without_deploy_yaml_is_refused(repository: Repository) -> None:
    (repository.folder / "deploy.yaml").unlink()
    error = fails_with(run(str(repository.folder)))
    assert (error.what, error.where) == ("no deploy.yaml", str(repository.folder))


def test_a_repository_without_a_commit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOY_PIPELINE_WORK", str(tmp_path / "work"))
    empty = Repository(tmp_path / "empty")
    (empty.folder / "deploy.yaml").write_text(a_deploy_yaml())
    assert fails_with(run(str(empty.folder))).todo == "commit something first"


def test_a_process_tells_an_operators_mistake_without_a_traceback(tmp_path: Path) -> None:
    process = started(cwd=tmp_path, work=tmp_path / "work")
    out, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (1, "")
    assert "not a git repository" in errors
    assert "Traceback" not in errors


def test_show_puts_what_blocks_below_its_check(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding("F401", "'os' imported but unused", path="app.py", line=3)
    show(Checked(CheckResult("flake8", "failed", "1 problem in 1 file", True, 1.2, 1, 1, (finding,))))
    assert capsys.readouterr().out.splitlines() == [
        "✗ flake8                 1.2 s  1 problem in 1 file",
        "    app.py:3 F401 'os' imported but unused",
    ]
