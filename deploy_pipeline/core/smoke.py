"""Whether an answer is what a smoke test expects. Pure: the calls are made elsewhere."""

from dataclasses import dataclass

from deploy_pipeline.core.spec import Expectation

EXCERPT = 200


@dataclass(frozen=True)
class Judgement:
    """Passed or not, with what was expected and what came."""

    passed: bool
    detail: str


def judge_answer(expect: Expectation, status: int, body: str) -> Judgement:
    """The status must be the expected one, and the body must contain the expected text where one is given."""
    if status != expect.status_code:
        return Judgement(False, f"status {status}, expected {expect.status_code}: {excerpt(body)}")
    if expect.body_contains is not None and expect.body_contains not in body:
        return Judgement(False, f"the body does not contain {expect.body_contains!r}: {excerpt(body)}")
    return Judgement(True, f"status {status}")


def judge_all(judgements: dict[str, Judgement]) -> Judgement:
    """Every one must pass, and there must be one: an empty list of tasks proves nothing."""
    if not judgements:
        return Judgement(False, "nothing is running that could answer")
    failed = {name: judgement for name, judgement in judgements.items() if not judgement.passed}
    if failed:
        return Judgement(False, "; ".join(f"{name}: {judgement.detail}" for name, judgement in failed.items()))
    return Judgement(True, f"{len(judgements)} of {len(judgements)} answered")


def excerpt(body: str) -> str:
    """The beginning of a body, on one line."""
    line = " ".join(body.split())
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"
