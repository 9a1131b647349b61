"""Hands a coverage report to Codecov. It never makes a check fail: what went wrong is said, and no more."""

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.core.checks import codecov
from deploy_pipeline.core.checks.assessment import Table
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.errors import DeployError

OK = range(200, 300)
TIMEOUT = 30


def upload(subject: Subject, bench: Bench, report: bytes | None) -> tuple[Table, ...]:
    """Upload `coverage.xml`; a table that says how that went, none where Codecov is not used."""
    token, pull_request = bench.settings.codecov_token, subject.pull_request
    if not token or pull_request is None:
        return ()
    if report is None:
        return _told("nothing was uploaded: there is no report")
    url = codecov.ask_url(bench.settings.codecov_url, token, subject.repository, pull_request)
    try:
        said = _uploaded(bench, url, report)
    except DeployError as error:
        # Not the whole error: it names the URL, and the token is a part of that.
        said = f"the upload failed: {error.what}"
    return _told(plain(said.replace(token, "***")))


def _uploaded(bench: Bench, url: str, report: bytes) -> str:
    answer = bench.web.call("POST", url, headers=codecov.ASK, timeout=TIMEOUT)
    if answer.status not in OK:
        return f"Codecov refused the upload with status {answer.status}"
    targets = codecov.targets(answer.body, bench.settings.codecov_url)
    if targets is None:
        return "Codecov answered with something else than where to upload to"
    shown, put = targets
    body = report.decode(errors="replace") + codecov.REPORT_END
    status = bench.web.call("PUT", put, headers=codecov.PUT, body=body, timeout=TIMEOUT).status
    return f"uploaded: {shown}" if status in OK else f"the upload was refused with status {status}"


def _told(what: str) -> tuple[Table, ...]:
    return (Table("Codecov", ("Upload",), ((what,),)),)
