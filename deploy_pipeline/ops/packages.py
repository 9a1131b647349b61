"""Lambda packages: a reproducible zip in the artefact bucket, named by its content."""

import dagster as dg

from deploy_pipeline.core.candidate import FunctionTask, PackagedFunction
from deploy_pipeline.core.zip_package import code_sha256, package_sha256, zip_bytes
from deploy_pipeline.gateways.function_source import FunctionSource
from deploy_pipeline.gateways.git import Git
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import READ
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
) -> PackagedFunction:
    """Zip the function's files, the same source always to the same hash, and store the zip under that hash."""
    folder = source_of(github, git, task.candidate) / task.function.source
    package = zip_bytes(function_source.files(folder, task.function.runtime))
    bucket = task.candidate.spec.aws.artifact_bucket
    key = f"packages/{task.name}/{package_sha256(package)}.zip"
    fresh = object_store.put_if_absent(bucket, key, package, content_type="application/zip")
    context.add_output_metadata({"package": f"s3://{bucket}/{key}", "bytes": len(package), "new": fresh})
    return PackagedFunction(task.name, bucket, key, code_sha256(package), len(package))
