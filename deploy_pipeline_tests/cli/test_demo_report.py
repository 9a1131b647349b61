"""The report's table where there is no terminal."""

import pytest

from deploy_pipeline.cli.demo_report import Report, console, show_report

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/engagement-ml/inference@sha256:" + "0123456789abcdef" * 4


def test_a_digest_stays_on_one_line_of_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("0" * 40, "r1", "http://ui/runs/r1", "SUCCESS", 12.0, images={"inference": IMAGE})
    show_report(report, console())
    assert IMAGE in capsys.readouterr().out
