"""The ledger: what is live, what was, and what is in flight. JSON objects in a bucket, of which nothing is deleted.

<environment>/head.json               what is live and who may change it (`core.ledger.head`)
<environment>/deployments/<id>.json   each attempt, with what it set out to change (`core.ledger.deployment`)
<environment>/approvals.json          what waits for a person (`core.ledger.approval`)
<environment>/plans/<head>.json       what a pull request's validation has planned (`core.plan_review`)
<environment>/releases/<id>.json      the manifest of each release
<environment>/deployed/<id>.json      everything that a release put in place, for the next one to take over
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from pydantic import TypeAdapter

from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, Approvals
from deploy_pipeline.core.ledger.deployment import Deployment
from deploy_pipeline.core.ledger.head import Head
from deploy_pipeline.core.plan_review import PlanOutline, PlanRecord
from deploy_pipeline.core.release import Release
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.object_store import ObjectStore

_DEPLOYED = TypeAdapter(Deployed)
_RELEASE = TypeAdapter(Release)
_HEAD = TypeAdapter(Head)
_DEPLOYMENT = TypeAdapter(Deployment)
_PLANS: TypeAdapter[dict[str, PlanOutline]] = TypeAdapter(dict[str, PlanOutline])
_APPROVALS: TypeAdapter[dict[str, Approval]] = TypeAdapter(dict[str, Approval])
JSON = "application/json"
MOST_CONFLICTS = 20

T = TypeVar("T")


@dataclass(frozen=True)
class SeenHead:
    """The head as it was read, and how long ago it was written, in seconds by the store's clock."""

    head: Head
    age_seconds: float


class Ledger:
    """The ledger of one environment. Writes are conditional: no other writer's is ever overwritten."""

    def __init__(self, object_store: ObjectStore, bucket: str, environment: str) -> None:
        self._store = object_store
        self._bucket = bucket
        self.environment = environment

    @classmethod
    def of(cls, object_store: ObjectStore, spec: Spec) -> "Ledger":
        """The ledger that a spec names."""
        return cls(object_store, spec.aws.ledger_bucket, spec.environment)

    def head(self) -> SeenHead:
        """What is live and who may change it, now."""
        found = self._store.read(self._bucket, self.head_key)
        return SeenHead(_HEAD.validate_json(found.body), found.age_seconds) if found else SeenHead(Head(), 0.0)

    def change_head(self, change: Callable[[SeenHead], Head]) -> Head:
        """Write what `change` makes of the head, and ask it again where somebody else was faster. What it raises ends
        it. Raises DeployError where the store does not answer: then nobody knows whether it was written."""
        return self._changed(self.head_key, _HEAD, lambda head, age: change(SeenHead(head or Head(), age)))

    def deployment(self, name: str) -> Deployment | None:
        """The record of a deployment."""
        body = self._store.get(self._bucket, self.deployment_key(name))
        return _DEPLOYMENT.validate_json(body) if body is not None else None

    def begin(self, deployment: Deployment) -> Deployment:
        """Write the record of a deployment unless there is one; returns the one that is there."""
        return self._changed(self.deployment_key(deployment.id), _DEPLOYMENT, lambda found, _: found or deployment)

    def change_deployment(self, name: str, change: Callable[[Deployment], Deployment]) -> Deployment:
        """Write what `change` makes of a deployment's record."""

        def changed(found: Deployment | None, _: float) -> Deployment:
            if found is None:
                raise DeployError("the ledger has no such deployment", where=self.deployment_key(name))
            return change(found)

        return self._changed(self.deployment_key(name), _DEPLOYMENT, changed)

    def write_release(self, release: Release) -> Release:
        """Keep a release's manifest, which is never changed: returns the one that is kept, perhaps an earlier one."""
        return self._changed(self.release_key(release.name), _RELEASE, lambda found, _: found or release)

    def release(self, name: str) -> Release | None:
        """The manifest of a release, or None where there is none of that name."""
        body = self._store.get(self._bucket, self.release_key(name))
        return _RELEASE.validate_json(body) if body is not None else None

    def write_deployed(self, deployed: Deployed) -> None:
        """Keep everything that a release put in place."""
        body = _DEPLOYED.dump_json(deployed, indent=1)
        self._store.put(self._bucket, self.deployed_key(deployed.release), body, content_type=JSON)

    def deployed(self, name: str) -> Deployed | None:
        """Everything that a release put in place."""
        body = self._store.get(self._bucket, self.deployed_key(name))
        return _read(body) if body is not None else None

    def write_plans(self, head: str, plans: PlanRecord) -> None:
        """Keep what a validation has planned for a head (a full SHA): the newest one counts."""
        body = _PLANS.dump_json(dict(plans), indent=1)
        self._store.put(self._bucket, self.plans_key(head), body, content_type=JSON)

    def plans(self, head: str) -> PlanRecord:
        """What was planned for a head, by stack; empty where nothing was."""
        body = self._store.get(self._bucket, self.plans_key(head))
        return _PLANS.validate_json(body) if body is not None else {}

    def approvals(self) -> Approvals:
        """What waits for a person, or was decided lately."""
        body = self._store.get(self._bucket, self.approvals_key)
        return _APPROVALS.validate_json(body) if body is not None else {}

    def change_approvals(self, change: Callable[[Approvals], Approvals]) -> Approvals:
        """Write what `change` makes of them. What it raises ends it."""
        return self._changed(self.approvals_key, _APPROVALS, lambda found, _: dict(change(found or {})))

    def live(self) -> Deployed | None:
        """What is live, or None before the first deployment. Raises DeployError where its record is missing."""
        live = self.head().head.live
        if live is None:
            return None
        found = self.deployed(live.release)
        if found is None:
            raise DeployError(
                f"{live.release} is live, and its record is missing", where=f"s3://{self._bucket}",
                todo=f"restore {self.deployed_key(live.release)} from the bucket's versions",
            )  # fmt: skip
        return found

    @property
    def head_key(self) -> str:
        """Where the head lies."""
        return f"{self.environment}/head.json"

    @property
    def approvals_key(self) -> str:
        """Where everything lies that waits for a person."""
        return f"{self.environment}/approvals.json"

    def deployment_key(self, name: str) -> str:
        """Where the record of a deployment lies."""
        return f"{self.environment}/deployments/{name}.json"

    def plans_key(self, head: str) -> str:
        """Where the plans of a pull request's head lie."""
        return f"{self.environment}/plans/{head}.json"

    def release_key(self, name: str) -> str:
        """Where the manifest of a release lies."""
        return f"{self.environment}/releases/{name}.json"

    def deployed_key(self, name: str) -> str:
        """Where everything that a release put in place lies."""
        return f"{self.environment}/deployed/{name}.json"

    def _changed(self, key: str, adapter: TypeAdapter[T], change: Callable[[T | None, float], T]) -> T:
        trouble: DeployError | None = None
        for _ in range(MOST_CONFLICTS):
            found = self._store.read(self._bucket, key)
            now = adapter.validate_json(found.body) if found else None
            wanted = change(now, found.age_seconds if found else 0.0)
            if wanted == now:
                return wanted
            try:
                body = adapter.dump_json(wanted, indent=1)
                if found is None and self._store.put_if_absent(self._bucket, key, body, content_type=JSON):
                    return wanted
                if found and self._store.replace(self._bucket, key, body, etag=found.etag, content_type=JSON):
                    return wanted
            except DeployError as error:
                if not error.retryable or trouble is not None:
                    raise
                trouble = error  # the answer was lost: what is there now says whether it was written
                if (after := self._store.read(self._bucket, key)) and adapter.validate_json(after.body) == wanted:
                    return wanted
        raise DeployError(
            f"somebody else changed it {MOST_CONFLICTS} times in a row", where=f"s3://{self._bucket}/{key}",
            todo="find out who writes there", retryable=True,
        )  # fmt: skip


@lru_cache(maxsize=4)
def _read(body: bytes) -> Deployed:
    """Read once however often it is asked for: every stage of a large application asks, and the answer is as large."""
    return _DEPLOYED.validate_json(body)
