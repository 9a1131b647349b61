"""The scan of an image. A report may be an earlier one of the same image; the policy judges it anew each time."""

import json
from typing import Any

import dagster as dg

from deploy_pipeline.core.candidate import BuiltImage, Candidate, ScannedImage, Work
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.image_key import scan_key
from deploy_pipeline.core.scan_policy import ScanVerdict, judge_scan
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_engine import DockerEngine
from deploy_pipeline.gateways.ecr import Ecr
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.trivy import ImageScan, Trivy
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.reuse import reused, same_work, work_done


@dg.op(retry_policy=READ, tags={"dagster/kind": "trivy"})
@stage
def prepare_scanner(context: dg.OpExecutionContext, candidate: Candidate, trivy: dg.ResourceParam[Trivy]) -> str:
    """Bring the scanner's databases up to date while the images are built; the scans then have its answer at once."""
    knowledge = trivy.knowledge() if candidate.spec.images else "no image to scan"
    context.add_output_metadata({"knows": knowledge})
    return knowledge


@dg.op(retry_policy=READ, tags={"dagster/kind": "trivy"})
@stage
def scan_image(
    context: dg.OpExecutionContext,
    built: BuiltImage,
    prepared: str,  # not read: it may be of an earlier run, and the scanner is asked again at no cost
    trivy: dg.ResourceParam[Trivy],
    docker_engine: dg.ResourceParam[DockerEngine],
    ecr: dg.ResourceParam[Ecr],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> ScannedImage:
    """Scan the image for known vulnerabilities and stop when the spec's policy says so."""
    candidate, name, today = built.task.candidate, built.task.name, clock.now().date()
    bucket, began = candidate.spec.aws.artifact_bucket, clock.monotonic()
    key = scan_key(built.image_id, trivy.knowledge(), today)
    work = same_work(key, built.taken.scanned if built.taken else None)
    report = stored_report(object_store, bucket, key) if work else None
    facts: dict[str, Any] = reused([work], "the same image, scanner and databases") if work and report else key.facts
    if work is None or report is None:
        report = scanned(built, trivy, docker_engine, ecr, object_store, key).report
        work = work_done(context, candidate, key, clock.monotonic() - began)
    verdict = judge_scan(report, candidate.spec.scan, today)
    sarif = sarif_key(built, work)
    refuse_when_blocked(verdict, name, f"s3://{bucket}/{sarif}")
    findings = dg.MetadataValue.json(dict(verdict.counts))
    shown = {"verdict": verdict.reason, "report": f"s3://{bucket}/{sarif}", "findings": findings}
    context.add_output_metadata(shown | facts)
    return ScannedImage(built, sarif, dict(verdict.counts), work)


def scanned(
    built: BuiltImage, trivy: Trivy, docker_engine: DockerEngine, ecr: Ecr, object_store: ObjectStore, key: ContentKey
) -> ImageScan:
    """Scan the image, which may have to be fetched first, and keep the report in both forms."""
    if built.taken and not docker_engine.has(built.image_id):
        pull(built, docker_engine, ecr)
    scan = trivy.scan_image(built.image_id)
    bucket, report = built.task.candidate.spec.aws.artifact_bucket, json.dumps(scan.report).encode()
    object_store.put(bucket, report_key(key), report, content_type="application/json")
    object_store.put(bucket, sarif_key(built), scan.sarif.encode(), content_type="application/sarif+json")
    return scan


def pull(built: BuiltImage, docker_engine: DockerEngine, ecr: Ecr) -> None:
    """Fetch a live image that this engine no longer has."""
    pinned = built.taken.pinned if built.taken else ""
    found = docker_engine.pull(pinned, ecr.login())
    if found != built.image_id:
        todo = "launch the deployment with force: true"
        raise DeployError(f"the registry's image is {found}, not {built.image_id}", where=pinned, todo=todo)


def stored_report(object_store: ObjectStore, bucket: str, key: ContentKey) -> dict[str, Any] | None:
    """The report of an earlier scan with this key, or None when it is gone."""
    body = object_store.get(bucket, report_key(key))
    return dict(json.loads(body)) if body else None


def report_key(key: ContentKey) -> str:
    """Where the report of a scan with this key lies."""
    return f"scans/reports/{key.value}.json"


def sarif_key(built: BuiltImage, work: Work | None = None) -> str:
    """Where the SARIF report lies that the scan of this commit wrote, or the earlier scan that is taken over."""
    sha = work.commit if work else built.task.candidate.commit.sha
    return f"scans/{sha}/{built.task.name}.sarif"


def refuse_when_blocked(verdict: ScanVerdict, image: str, report: str) -> None:
    """A finding that the policy blocks ends the deployment before the image reaches the registry."""
    if verdict.blocked:
        raise DeployError(
            verdict.reason,
            where=f"image {image}",
            todo=f"upgrade as named above, or accept a finding under scan.ignore in deploy.yaml; full report: {report}",
        )
