"""Taking over from the live release what a stage would only make again. How each stage says so is the same.

A stage that takes its result over shows `reused from`, `saved seconds` and `why`; one that could shows its
`content key`.
"""

from collections.abc import Sequence

import dagster as dg

from deploy_pipeline.core.candidate import Candidate, Deployed, Work
from deploy_pipeline.core.content_key import ContentKey, key_of
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.object_store import ObjectStore

Facts = dict[str, str | float]


def release_of(object_store: ObjectStore, candidate: Candidate) -> Deployed | None:
    """The release to take over from: None before the first one, and where everything is to be done again."""
    return None if candidate.force else Ledger.of(object_store, candidate.spec).live()


def same_work(key: ContentKey, work: Work | None) -> Work | None:
    """`work`, when it was done with exactly these inputs."""
    return work if work and key.value and work.key == key.value else None


def work_done(context: dg.OpExecutionContext, candidate: Candidate, key: ContentKey, seconds: float) -> Work | None:
    """The record of what this step did; None without a key, since nobody could know when it holds again."""
    return Work(key.value, candidate.commit.sha, context.run_id, seconds) if key.value else None


def reused(works: Sequence[Work], why: str) -> Facts:
    """What the output of a step says that took over what `works` made. There is at least one of them."""
    newest = works[-1]
    saved = sum(work.seconds for work in works)
    key = newest.key if len(works) == 1 else key_of("all", keys=[work.key for work in works]).value
    return {"content key": key, "reused from": newest.commit, "saved seconds": saved, "why": why}
