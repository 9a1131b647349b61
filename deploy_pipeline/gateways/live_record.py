"""The record of what is live: one JSON object in the ledger bucket, written when a deployment has succeeded."""

from functools import lru_cache

from pydantic import TypeAdapter

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.object_store import ObjectStore

_DEPLOYED = TypeAdapter(Deployed)


def live_key(spec: Spec) -> str:
    """Where the record of an environment lies."""
    return f"{spec.environment}/live.json"


def read_live(object_store: ObjectStore, spec: Spec) -> Deployed | None:
    """What is live, or None before the first deployment."""
    body = object_store.get(spec.aws.ledger_bucket, live_key(spec))
    return _read(body) if body is not None else None


@lru_cache(maxsize=1)
def _read(body: bytes) -> Deployed:
    """Read once however often it is asked for: every stage of a large application asks, and the answer is as large."""
    return _DEPLOYED.validate_json(body)


def write_live(object_store: ObjectStore, deployed: Deployed) -> None:
    """Record `deployed` as live, and keep it under its commit too."""
    spec = deployed.candidate.spec
    body = _DEPLOYED.dump_json(deployed, indent=1)
    history = f"{spec.environment}/deployments/{deployed.candidate.commit.sha}.json"
    for key in (history, live_key(spec)):
        object_store.put(spec.aws.ledger_bucket, key, body, content_type="application/json")
