"""The words of notices, whole."""

import json

import pytest

from deploy_pipeline.core.candidate import SmokeResult
from deploy_pipeline.core.notice import Notice, html_text, plain_text, slack_blocks, success_notice
from deploy_pipeline_tests.samples import SHA, a_deployed

RUN = "http://127.0.0.1:3000/runs/r1"
FAILED = Notice(
    "failure", "Deployment", "production", SHA, "Score <faster> & better", "ada", RUN, (), "build_image[inference]",
    "pip: no such version\nWhat to do: pin it",
)  # fmt: skip


def test_success_notice_names_everything_that_was_deployed() -> None:
    notice = success_notice(a_deployed(), [SmokeResult("api", True, "status 200", 0.1)], RUN)
    assert plain_text(notice) == "\n".join(
        [
            "✅ Deployment successful: production",
            "",
            "Commit: 111111111111 Score faster",
            "Author: ada",
            "image inference: sha256:dddddddddddd",
            "function data_prep: version 3",
            "service inference: ml-inference:2",
            "terraform main: serial 4",
            "smoke tests: 1 of 1 passed",
            "",
            f"Run: {RUN}",
        ]
    )


def test_plain_text_of_a_failure_has_the_stage_and_what_to_do() -> None:
    assert plain_text(FAILED) == "\n".join(
        [
            "❌ Deployment failed: production",
            "",
            "Commit: 111111111111 Score <faster> & better",
            "Author: ada",
            "Stage: build_image[inference]",
            "",
            "pip: no such version",
            "What to do: pin it",
            "",
            f"Run: {RUN}",
        ]
    )


def test_html_text_escapes_what_comes_from_outside() -> None:
    assert "<td>111111111111 Score &lt;faster&gt; &amp; better</td>" in html_text(FAILED)


def test_slack_blocks_escape_what_comes_from_outside_and_stay_within_limits() -> None:
    long = Notice("failure", "Deployment", "production", SHA, "<!channel>", "ada", RUN, reason="x<" * 5000)
    blocks = slack_blocks(long)
    assert "<!channel>" not in json.dumps(blocks)
    assert all(len(block["text"]["text"]) <= 3000 for block in blocks if block["type"] == "section")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("success", "Deployment successful"),
        ("failure", "Deployment failed at build_image[inference]: pip: no such version"),
        ("canceled", "Deployment canceled at build_image[inference]: pip: no such version"),
    ],
)
def test_description_is_one_line(outcome: str, expected: str) -> None:
    notice = Notice(**{**FAILED.__dict__, "outcome": outcome})
    assert notice.description == expected
