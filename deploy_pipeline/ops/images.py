"""Container images: built, scanned, and only then pushed. Everything later uses the digest that the registry gives."""

import dagster as dg

from deploy_pipeline.core.candidate import BuiltImage, Candidate, ImageTask, PushedImage, ScannedImage
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.scan_policy import ScanVerdict, judge_scan
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_engine import DockerEngine
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.trivy import Trivy
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.progress import show
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.sources import source_of

BUILD_SECONDS = 1800.0


@dg.op(tags={"dagster/kind": "docker"})
@stage
def build_image(
    context: dg.OpExecutionContext,
    task: ImageTask,
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    docker_engine: dg.ResourceParam[DockerEngine],
    ecr: dg.ResourceParam[Ecr],
) -> BuiltImage:
    """Build the image of one commit; the commit's SHA is its tag."""
    sha = task.candidate.commit.sha
    reference = f"{ecr.repository_uri(task.image.repository)}:{sha}"
    image_id = docker_engine.build(
        context=source_of(github, git, task.candidate) / task.image.context,
        dockerfile=task.image.dockerfile,
        tag=reference,
        build_args=task.image.build_args,
        labels=image_labels(task.candidate),
        on_line=show,
        timeout=BUILD_SECONDS,
    )
    context.add_output_metadata({"reference": reference, "image id": image_id})
    return BuiltImage(task, reference, image_id)


def image_labels(candidate: Candidate) -> dict[str, str]:
    """The OCI labels that lead from an image back to its source."""
    return {
        "org.opencontainers.image.revision": candidate.commit.sha,
        "org.opencontainers.image.source": candidate.commit.url,
    }


@dg.op(retry_policy=READ, tags={"dagster/kind": "trivy"})
@stage
def scan_image(
    context: dg.OpExecutionContext,
    built: BuiltImage,
    trivy: dg.ResourceParam[Trivy],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> ScannedImage:
    """Scan the image for known vulnerabilities and stop when the spec's policy says so."""
    spec = built.task.candidate.spec
    scan = trivy.scan_image(built.image_id)
    verdict = judge_scan(scan.report, spec.scan, clock.now().date())
    key = f"scans/{built.task.candidate.commit.sha}/{built.task.name}.sarif"
    object_store.put(spec.aws.artifact_bucket, key, scan.sarif.encode(), content_type="application/sarif+json")
    report = f"s3://{spec.aws.artifact_bucket}/{key}"
    refuse_when_blocked(verdict, built.task.name, report)
    findings = dg.MetadataValue.json(dict(verdict.counts))
    facts = {"verdict": verdict.reason, "database": scan.database, "report": report, "findings": findings}
    context.add_output_metadata(facts)
    return ScannedImage(built, key, dict(verdict.counts))


def refuse_when_blocked(verdict: ScanVerdict, image: str, report: str) -> None:
    """A finding that the policy blocks ends the deployment before the image reaches the registry."""
    if verdict.blocked:
        raise DeployError(
            verdict.reason,
            where=f"image {image}",
            todo=f"upgrade as named above, or accept a finding under scan.ignore in deploy.yaml; full report: {report}",
        )


@dg.op(retry_policy=READ, tags={"dagster/kind": "ecr"})
@stage
def push_image(
    context: dg.OpExecutionContext,
    scanned: ScannedImage,
    docker_engine: dg.ResourceParam[DockerEngine],
    ecr: dg.ResourceParam[Ecr],
) -> PushedImage:
    """Push the scanned image under its commit's tag and record the digest; to push it twice changes nothing."""
    task, built = scanned.built.task, scanned.built
    docker_engine.tag(built.image_id, built.reference)  # what was scanned, whatever the tag names by now
    digest = docker_engine.push(built.reference, ecr.login())
    uri, tag = built.reference.rsplit(":", 1)
    pushed = PushedImage(task.name, task.image.repository, uri, digest, tag)
    context.add_output_metadata({"digest": digest, "uri": pushed.pinned, "sarif": scanned.sarif_key})
    return pushed
