"""The records of what is live: JSON objects in the ledger bucket, written when a deployment has succeeded."""

from functools import lru_cache

from pydantic import TypeAdapter

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.release import Release
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.object_store import ObjectStore

_DEPLOYED = TypeAdapter(Deployed)
_RELEASE = TypeAdapter(Release)


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


def release_key(environment: str, name: str) -> str:
    """Where the manifest of a release lies."""
    return f"{environment}/releases/{name}.json"


def write_release(object_store: ObjectStore, spec: Spec, release: Release) -> Release:
    """Keep a release's manifest, which is never changed: returns the one that is kept, of an earlier attempt if any."""
    bucket, key = spec.aws.ledger_bucket, release_key(release.environment, release.name)
    body = _RELEASE.dump_json(release, indent=1)
    if object_store.put_if_absent(bucket, key, body, content_type="application/json"):
        return release
    return read_release(object_store, spec, release.name) or release


def read_release(object_store: ObjectStore, spec: Spec, name: str) -> Release | None:
    """The manifest of a release, or None where there is none of that name."""
    body = object_store.get(spec.aws.ledger_bucket, release_key(spec.environment, name))
    return _RELEASE.validate_json(body) if body is not None else None
