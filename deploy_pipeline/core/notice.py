"""The words of a notice: one deployment's end, for Slack, mail, and GitHub's status line. Pure text, nothing secret."""

import html
from dataclasses import dataclass
from typing import Any, Literal

from deploy_pipeline.core.candidate import Deployed, SmokeResult

Outcome = Literal["success", "failure", "canceled", "held"]
HEADLINES: dict[Outcome, str] = {
    "success": "✅ Deployment successful",
    "failure": "❌ Deployment failed",
    "canceled": "⏹️ Deployment canceled",
    "held": "⏸️ Deployment held",
}
REASON_LENGTH = 1500


@dataclass(frozen=True)
class Notice:
    """What happened. `subject` names the job's purpose; `reason` is why it failed, `details` are labelled facts."""

    outcome: Outcome
    subject: str
    environment: str
    commit: str
    title: str
    author: str
    run_url: str
    details: tuple[tuple[str, str], ...] = ()
    stage: str = ""
    reason: str = ""

    @property
    def headline(self) -> str:
        """The first line everywhere."""
        head = HEADLINES[self.outcome].replace("Deployment", self.subject, 1)
        return f"{head}: {self.environment}"

    @property
    def description(self) -> str:
        """One line, for a commit status."""
        if self.outcome == "success":
            return f"{self.subject} successful"
        first = self.reason.splitlines()[0] if self.reason else ""
        if self.outcome == "held":
            return f"{self.subject} held: {first}"
        ended = f"{self.subject} {'canceled' if self.outcome == 'canceled' else 'failed'}"
        return f"{ended} at {self.stage}: {first}" if self.stage else f"{ended}: {first}"


def success_notice(deployed: Deployed, tests: list[SmokeResult], run_url: str, subject: str = "Deployment") -> Notice:
    """The notice of a release that is live and passed its smoke tests."""
    commit = deployed.candidate.commit
    details = [(f"image {image.name}", image.digest[:19]) for image in deployed.images]
    details += [(f"function {function.name}", f"version {function.version}") for function in deployed.functions]
    details += [
        (f"service {service.name}", service.task_definition.rsplit("/", 1)[-1]) for service in deployed.services
    ]
    details += [(f"terraform {stack.name}", f"serial {stack.serial}") for stack in deployed.stacks]
    details.append(("smoke tests", f"{sum(test.passed for test in tests)} of {len(tests)} passed"))
    return Notice(
        "success", subject, deployed.candidate.spec.environment, commit.sha, commit.title, commit.author, run_url,
        tuple(details),
    )  # fmt: skip


def _rows(notice: Notice) -> list[tuple[str, str]]:
    rows = [("Commit", f"{notice.commit[:12]} {notice.title}"), ("Author", notice.author)]
    if notice.stage:
        rows.append(("Stage", notice.stage))
    return [(label, value) for label, value in [*rows, *notice.details] if value.strip()]


def plain_text(notice: Notice) -> str:
    """The notice as plain text, for mail readers and for Slack's notification line."""
    lines = [notice.headline, "", *(f"{label}: {value}" for label, value in _rows(notice))]
    if notice.reason:
        lines += ["", notice.reason[:REASON_LENGTH]]
    return "\n".join([*lines, "", f"Run: {notice.run_url}"])


def html_text(notice: Notice) -> str:
    """The notice as a small HTML page."""
    cells = "".join(
        f"<tr><th align='left'>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in _rows(notice)
    )
    reason = f"<pre>{html.escape(notice.reason[:REASON_LENGTH])}</pre>" if notice.reason else ""
    link = html.escape(notice.run_url, quote=True)
    return (
        f"<h2>{html.escape(notice.headline)}</h2><table>{cells}</table>{reason}<p><a href='{link}'>Open the run</a></p>"
    )


def slack_blocks(notice: Notice) -> list[dict[str, Any]]:
    """The notice as Slack blocks; text from outside is escaped as Slack asks."""
    facts = "\n".join(f"*{slack_escape(label)}:* {slack_escape(value)}" for label, value in _rows(notice))
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": notice.headline[:150]}},
        {"type": "section", "text": {"type": "mrkdwn", "text": facts[:3000]}},
    ]
    if notice.reason:
        text = f"```{slack_escape(notice.reason[:REASON_LENGTH])[:2900]}```"
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    link = {"type": "mrkdwn", "text": f"<{notice.run_url}|Open the run>"}
    return [*blocks, {"type": "context", "elements": [link]}]


def slack_escape(text: str) -> str:
    """Slack's three control characters."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
