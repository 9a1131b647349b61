"""`deploy-pipeline spec`: what it prints and its exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy_pipeline.cli.spec_commands import spec
from deploy_pipeline.core.spec_schema import spec_schema_text

GOOD = (Path(__file__).parents[2] / "deploy.yaml").read_bytes()
BAD = GOOD.replace(b"port: 8080", b"port: 80a")
LINE = GOOD.split(b"port: 8080")[0].count(b"\n") + 1
MESSAGE = 'services.inference.port: found "80a", expected an integer between 1 and 65535'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(spec, arguments, input=stdin)


def test_spec_check_right(folder: Path) -> None:
    (folder / "deploy.yaml").write_bytes(GOOD)
    result = _run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "deploy.yaml: ok: 2 images, 5 functions, 1 service, 1 Terraform stack, 8 smoke tests\n"


def test_spec_check_mistakes(folder: Path) -> None:
    (folder / "other.yaml").write_bytes(BAD)
    result = _run("check", "other.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"other.yaml:{LINE}: {MESSAGE}\n"


def test_spec_check_json(folder: Path) -> None:
    (folder / "deploy.yaml").write_bytes(BAD)
    result = _run("check", "--json")
    assert (result.exit_code, result.stderr) == (1, "")
    mistake = {
        "file": "deploy.yaml",
        "line": LINE,
        "key": "services.inference.port",
        "found": '"80a"',
        "expected": "an integer between 1 and 65535",
    }
    assert json.loads(result.stdout) == {"file": "deploy.yaml", "ok": False, "mistakes": [mistake]}


def test_spec_check_standard_input() -> None:
    result = _run("check", "-", "--json", stdin=GOOD)
    assert (result.exit_code, json.loads(result.stdout)) == (0, {"file": "<stdin>", "ok": True, "mistakes": []})


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "nowhere.yaml"), ("check", "--xml"), ("schema", "--write")]
)
def test_spec_wrong_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    assert _run(*arguments).exit_code == 2


def test_spec_schema_prints() -> None:
    result = _run("schema")
    assert (result.exit_code, result.stdout) == (0, spec_schema_text())


def test_spec_schema_writes(folder: Path) -> None:
    (folder / "docs").mkdir()
    result = _run("schema", "--write")
    assert (result.exit_code, result.stdout) == (0, "wrote docs/deploy.schema.json\n")
    assert (folder / "docs/deploy.schema.json").read_text(encoding="utf-8") == spec_schema_text()
