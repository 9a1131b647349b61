"""Lambda packages: a reproducible zip in the artefact bucket, named by its content."""

import dagster as dg

from deploy_pipeline.core.candidate import FunctionTask, PackagedFunction
from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.function_key import package_key
from deploy_pipeline.core.zip_package import code_sha256, package_sha256, zip_bytes
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.function_source import FunctionSource
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import READ
from deploy_pipeline.ops.reuse import release_of, reused, same_work, work_done
from deploy_pipeline.ops.sources import source_of


@dg.op(retry_policy=READ, tags={"dagster/kind": "lambda"})
@stage
def package_function(
    context: dg.OpExecutionContext,
    task: FunctionTask,
    github: dg.ResourceParam[GitHub],
    git: dg.ResourceParam[Git],
    function_source: dg.ResourceParam[FunctionSource],
    object_store: dg.ResourceParam[ObjectStore],
    clock: dg.ResourceParam[Clock],
) -> PackagedFunction:
    """Zip the function's files and store the zip under its hash; or take the live one, made of the same."""
    folder, began = source_of(github, git, task.candidate) / task.function.source, clock.monotonic()
    made_of = function_source.inputs(folder)
    key = package_key(task.name, task.function, made_of.files, made_of.requirements, made_of.installer)
    if (live := package_to_take(object_store, task, key)) and live.work:
        facts = reused([live.work], "files, requirements, runtime and installer are the same")
        context.add_output_metadata({"package": f"s3://{live.bucket}/{live.key}", **facts})
        return live
    package = zip_bytes(function_source.files(folder, task.function.runtime))
    bucket = task.candidate.spec.aws.artifact_bucket
    path = f"packages/{task.name}/{package_sha256(package)}.zip"
    fresh = object_store.put_if_absent(bucket, path, package, content_type="application/zip")
    context.add_output_metadata({"package": f"s3://{bucket}/{path}", "bytes": len(package), "new": fresh, **key.facts})
    work = work_done(context, task.candidate, key, clock.monotonic() - began)
    return PackagedFunction(task.name, bucket, path, code_sha256(package), len(package), work)


def package_to_take(object_store: ObjectStore, task: FunctionTask, key: ContentKey) -> PackagedFunction | None:
    """The live release's package, when it was made of the same and still is in the bucket."""
    release = release_of(object_store, task.candidate)
    live = next((package for package in release.packages if package.name == task.name), None) if release else None
    if live is None or not same_work(key, live.work) or live.bucket != task.candidate.spec.aws.artifact_bucket:
        return None
    return live if object_store.exists(live.bucket, live.key) else None
