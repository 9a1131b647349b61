"""Container images: built, scanned, and only then pushed. Everything later uses the digest that the registry gives."""

from dataclasses import replace

import dagster as dg

from deploy_pipeline.core.candidate import BuiltImage, Candidate, ImageTask, PushedImage, ScannedImage
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.image_key import image_key
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_engine import DockerEngine
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.reuse import release_of, reused, same_work, work_done
from deploy_pipeline.ops.sources import source_of

BUILD_SECONDS = 1800.0


@dg.op(retry_policy=READ, tags={"dagster/kind": "docker"})
@stage
def build_image(
    context: dg.OpExecutionContext,
    task: ImageTask,
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    docker_engine: dg.ResourceParam[DockerEngine],
    ecr: dg.ResourceParam[Ecr],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> BuiltImage:
    """Build the image of one commit, tagged with its SHA; or take the live one, when it would be the same."""
    image, uri, began = task.image, ecr.repository_uri(task.image.repository), clock.monotonic()
    reference, folder = f"{uri}:{task.candidate.commit.sha}", source_of(github, git, task.candidate) / image.context
    inputs = docker_engine.inputs(context=folder, dockerfile=image.dockerfile, build_args=image.build_args)
    key = image_key(image, inputs)
    if (live := image_to_take(object_store, ecr, task, uri, key)) and live.built:
        facts = reused([live.built], "context, Dockerfile, build arguments and base images are the same")
        context.add_output_metadata({"image": live.pinned, **facts})
        return BuiltImage(task, reference, live.image_id, live.built, live)
    labels = image_labels(task.candidate)
    image_id = docker_engine.build(
        context=folder, dockerfile=image.dockerfile, tag=reference, build_args=image.build_args, labels=labels,
        on_line=show, timeout=BUILD_SECONDS,
    )  # fmt: skip
    context.add_output_metadata({"reference": reference, "image id": image_id, **key.facts})
    return BuiltImage(task, reference, image_id, work_done(context, task.candidate, key, clock.monotonic() - began))


def image_to_take(
    object_store: ObjectStore, ecr: Ecr, task: ImageTask, uri: str, key: ContentKey
) -> PushedImage | None:
    """The live release's image, when it was made of the same and still is in the registry."""
    release = release_of(object_store, task.candidate)
    live = next((image for image in release.images if image.name == task.name), None) if release else None
    if live is None or not same_work(key, live.built) or live.uri != uri:
        return None
    return live if live.image_id and ecr.has(live.repository, live.digest) else None


def image_labels(candidate: Candidate) -> dict[str, str]:
    """The OCI labels that lead from an image back to its source."""
    return {
        "org.opencontainers.image.revision": candidate.commit.sha,
        "org.opencontainers.image.source": candidate.commit.url,
    }


@dg.op(retry_policy=READ, tags={"dagster/kind": "ecr"})
@stage
def push_image(
    context: dg.OpExecutionContext,
    scanned: ScannedImage,
    docker_engine: dg.ResourceParam[DockerEngine],
    ecr: dg.ResourceParam[Ecr],
    clock: dg.ResourceParam[Clock],
) -> PushedImage:
    """Push the scanned image under its commit's tag and record the digest; to push it twice changes nothing."""
    task, built, began = scanned.built.task, scanned.built, clock.monotonic()
    if built.taken:
        context.add_output_metadata(taken_facts(built.taken))
        return tagged(ecr, built.taken, scanned)
    docker_engine.tag(built.image_id, built.reference)  # what was scanned, whatever the tag names by now
    digest = docker_engine.push(built.reference, ecr.login())
    uri, tag = built.reference.rsplit(":", 1)
    work = replace(built.work, seconds=clock.monotonic() - began) if built.work else None
    pushed = PushedImage(
        task.name, task.image.repository, uri, digest, tag, built.image_id, built.work, scanned.work, work
    )
    key = {"content key": work.key} if work else {}
    context.add_output_metadata({"digest": digest, "uri": pushed.pinned, "sarif": scanned.sarif_key, **key})
    return pushed


def taken_facts(live: PushedImage) -> dict[str, str | float]:
    """What a step says that has no image to push."""
    facts = reused([live.pushed], "the registry has the image") if live.pushed else {}
    return {"digest": live.digest, "uri": live.pinned, **facts}


def tagged(ecr: Ecr, live: PushedImage, scanned: ScannedImage) -> PushedImage:
    """The live image under this commit's tag, too: each deployed commit has one."""
    tag = scanned.built.task.candidate.commit.sha
    ecr.move_tag(live.repository, live.digest, tag)
    return replace(live, tag=tag, scanned=scanned.work)
