"""What the demo's second pull request changes, and how its deployment has to end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.core.spec import Spec
from deploy_pipeline.sandbox.traffic.plan import TrafficPlan

Changes = dict[str, bytes | None]
FUNCTION = "engagement_api"
CANDIDATE = '''

_answer = handler


def handler(event, context):
    """The same, with what only real traffic finds."""
    if "traffic" in event:
        {body}
    return _answer(event, context)
'''
FAILS = CANDIDATE.format(body='if event["traffic"] % 4 == 0:\n            raise RuntimeError("the demo\'s mistake")')
IS_SLOW = CANDIDATE.format(body='__import__("time").sleep(0.1)')
SAYS_IT_IS_ILL = """

_create_app = create_app


def create_app():
    \"""The same, but its health path says 500.\"""
    inner = _create_app()

    def app(environ, start_response):
        if environ["PATH_INFO"] != "/health":
            return inner(environ, start_response)
        start_response("500 Internal Server Error", [])
        return [b"the demo's mistake"]

    return app
"""
SOON = (b"    health_path: /health\n", b"    health_path: /health\n    stable_within_seconds: 30\n")
GOES_BACK = b"\nrollout:\n  analysis: {extend_to_minutes: 30, when_inconclusive: roll_back}\n"


def unchanged(plan: TrafficPlan) -> TrafficPlan:
    """The traffic as it is."""
    return plan


def silent(plan: TrafficPlan) -> TrafficPlan:
    """No requests any more."""
    return plan.model_copy(update={"functions": [each.model_copy(update={"per_minute": 0}) for each in plan.functions]})


def healthy(project: Path, spec: Spec, note: bytes) -> Changes:
    """A note in the inference image, whose .dockerignore lets nothing but Python through, and in a function."""
    image, function = spec.images["inference"].context, spec.functions[FUNCTION].source
    return {f"{image}/release.py": b"# " + note, f"{function}/RELEASE": note}


def appended(code: str) -> Callable[[Path, Spec, bytes], Changes]:
    """A function whose handler gets this code at its end."""

    def changes(project: Path, spec: Spec, note: bytes) -> Changes:
        file = f"{spec.functions[FUNCTION].source}/handler.py"
        return {file: (project / file).read_bytes() + code.encode()}

    return changes


def ill(project: Path, spec: Spec, note: bytes) -> Changes:
    """A service that starts and says that it is not well; the demo does not wait for five minutes until it is."""
    server = f"{spec.images['inference'].context}/server.py"
    return {
        server: (project / server).read_bytes() + SAYS_IT_IS_ILL.encode(),
        "deploy.yaml": (project / "deploy.yaml").read_bytes().replace(*SOON),
    }


def unheard(project: Path, spec: Spec, note: bytes) -> Changes:
    """A note in a function, of which nobody will hear; nor does the demo wait for a person."""
    return {
        f"{spec.functions[FUNCTION].source}/RELEASE": note,
        "deploy.yaml": (project / "deploy.yaml").read_bytes() + GOES_BACK,
    }


@dataclass(frozen=True)
class Scenario:
    """`verdict` is what the rollout's failure says; "" where it succeeds."""

    title: str
    changes: Callable[[Path, Spec, bytes], Changes]
    traffic: Callable[[TrafficPlan], TrafficPlan] = unchanged
    verdict: str = ""


FIRST = Scenario("The first release", healthy)
SCENARIOS: Mapping[str, Scenario] = {
    "healthy": Scenario("Add a release note", healthy),
    "bad-function": Scenario("Score faster, and sometimes not at all", appended(FAILS), verdict="above 5 %"),
    "slow-function": Scenario("Score more carefully", appended(IS_SLOW), verdict="more than 20 % slower"),
    "bad-service": Scenario("Serve faster, and ill", ill, verdict="answers 500, and must answer 200"),
    "no-traffic": Scenario("Change what nobody calls", unheard, silent, "no request has reached the candidate"),
}
