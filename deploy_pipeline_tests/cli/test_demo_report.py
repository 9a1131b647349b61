"""The report's table where there is no terminal."""

import json
from pathlib import Path

import pytest

from deploy_pipeline.cli.demo_report import Report, console, show_report, write_report
from deploy_pipeline.core.run_facts import Reused, RunFacts, StepTime
from deploy_pipeline.core.run_time import account_of

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/engagement-ml/inference@sha256:" + "0123456789abcdef" * 4


def test_a_digest_stays_on_one_line_of_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(
        "healthy", "", "0" * 40, "0" * 40, "r1", "http://ui/runs/r1", "SUCCESS", 12.0, images={"inference": IMAGE}
    )
    show_report(report, console())
    assert IMAGE in capsys.readouterr().out


def test_the_report_says_where_the_time_went(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    build = StepTime("build", ((3.0, 9.0),), reused=Reused("build", "a" * 40, 40.0, "same inputs"))
    report = Report("healthy", "", "0" * 40, "0" * 40, "r1", "http://ui/runs/r1", "SUCCESS", 12.0)
    report.account(account_of(RunFacts("r1", "deploy_job", "SUCCESS", 0.0, 2.0, 3.0, 9.5, (build,))))
    show_report(report, console())
    said = "9.5 s: worked 6.0 s, waited 3.5 s (queue 2.0 s, launch 1.0 s, end of the run 0.5 s)"
    assert f"Time: {said}; 1 stages reused, 40.0 s of work saved\nCritical path: build" in capsys.readouterr().out
    write_report(report, tmp_path / "demo.json")
    kept = json.loads((tmp_path / "demo.json").read_text())["time"]
    assert kept["seconds"] == {"wall": 9.5, "working": 6.0, "waiting": 3.5, "all steps": 6.0, "saved": 40.0}
    assert kept["reused"] == [{"step": "build", "from": "a" * 40, "saved seconds": 40.0, "why": "same inputs"}]
