"""The few questions that the command line asks a running Dagster, over its GraphQL interface."""

from dataclasses import dataclass
from typing import Any

import httpx

from deploy_pipeline.core.errors import DeployError

TICKS = """query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) {
  ... on Sensor { sensorState { ticks(limit: 1, statuses: [SUCCESS, SKIPPED, FAILURE]) {
    status skipReason cursor error { message } } } } } }"""
RUNS = """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}, limit: 5) {
  ... on Runs { results { runId status jobName tags { key value } } } } }"""
EVENTS = """query($run: ID!, $after: String) { logsForRun(runId: $run, afterCursor: $after, limit: 500) {
  ... on EventConnection { cursor events { __typename
    ... on MessageEvent { stepKey message timestamp eventType }
    ... on ExecutionStepFailureEvent { error { message } failureMetadata { description } } } } } }"""
STATUS = "query($run: ID!) { runOrError(runId: $run) { ... on Run { status startTime endTime } } }"


@dataclass(frozen=True)
class StepEvent:
    """Something that happened in a run. `seconds` is Unix time; `kind` is Dagster's event type."""

    kind: str
    step: str
    seconds: float
    message: str


@dataclass(frozen=True)
class DagsterApi:
    """Asks the web server at `url`."""

    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `data` of a GraphQL answer. Raises `DeployError`: retryable when nothing answers."""
        try:
            answer = httpx.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=30)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise DeployError(f"no answer: {error}", where=self.url, retryable=True) from error
        body: dict[str, Any] = answer.json()
        if body.get("errors"):
            raise DeployError(str(body["errors"][0].get("message")), where=self.url)
        return dict(body["data"])

    def last_tick(self, sensor: str) -> dict[str, Any] | None:
        """The newest tick of a sensor that has ended, or None before that."""
        selector = {
            "repositoryName": "__repository__", "repositoryLocationName": "deploy_pipeline", "sensorName": sensor,
        }  # fmt: skip
        found = self.ask(TICKS, sensor=selector)["sensorOrError"]
        ticks = found.get("sensorState", {}).get("ticks", [])
        return dict(ticks[0]) if ticks else None

    def runs_with_tag(self, key: str, value: str) -> list[dict[str, Any]]:
        """The newest runs that carry a tag: runId, status, jobName, tags (key and value)."""
        return list(self.ask(RUNS, tags=[{"key": key, "value": value}])["runsOrError"].get("results", []))

    def status(self, run_id: str) -> str:
        """The run's status, in Dagster's words."""
        return str(self.ask(STATUS, run=run_id)["runOrError"].get("status", "UNKNOWN"))

    def events(self, run_id: str, after: str | None) -> tuple[list[StepEvent], str | None]:
        """The events since the cursor `after`, and the next cursor."""
        found = self.ask(EVENTS, run=run_id, after=after)["logsForRun"]
        return [read_event(event) for event in found.get("events", [])], found.get("cursor", after)


def read_event(event: dict[str, Any]) -> StepEvent:
    """One event; a failed step's message is the one that its author wrote."""
    described = (event.get("failureMetadata") or {}).get("description")
    raised = (event.get("error") or {}).get("message")
    kind = event.get("eventType") or event["__typename"]
    message = described or raised or event.get("message") or ""
    return StepEvent(kind, event.get("stepKey") or "", float(event.get("timestamp") or 0) / 1000, message)
