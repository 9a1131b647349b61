"""The variables that the pipeline feeds a Terraform stack: images by digest, packages by key."""

from collections.abc import Sequence
from typing import Any

from deploy_pipeline.core.candidate import Deployed, PackagedFunction, PushedImage
from deploy_pipeline.core.spec import Spec, TerraformSpec

NO_DIGEST = "sha256:" + "0" * 64
REGISTRY = "000000000000.dkr.ecr.{region}.amazonaws.com"


def stack_variables(
    stack: TerraformSpec, images: Sequence[PushedImage], packages: Sequence[PackagedFunction]
) -> dict[str, Any]:
    """The spec's own variables, and the two maps under the names that the stack gives them."""
    variables: dict[str, Any] = dict(stack.variables)
    if stack.image_variable:
        variables[stack.image_variable] = {image.name: image.pinned for image in images}
    if stack.package_variable:
        variables[stack.package_variable] = {package.name: package.key for package in packages}
    return variables


def live_variables(stack: TerraformSpec, spec: Spec, live: Deployed | None) -> dict[str, Any]:
    """The stack's variables with the images and packages that are live: what a pull request is planned with.

    So one that changes no infrastructure plans nothing. What is not live yet (all of it before the first deployment)
    gets a placeholder: a digest of zeros, a key below `packages/`.
    """
    images = {image.name: image for image in (live.images if live else ())}
    packages = {package.name: package for package in (live.packages if live else ())}
    return stack_variables(
        stack,
        [images.get(name) or _placeholder_image(name, spec) for name in spec.images],
        [packages.get(name) or _placeholder_package(name, spec) for name in spec.functions],
    )


def _placeholder_image(name: str, spec: Spec) -> PushedImage:
    repository = spec.images[name].repository
    return PushedImage(name, repository, f"{REGISTRY.format(region=spec.aws.region)}/{repository}", NO_DIGEST, "none")


def _placeholder_package(name: str, spec: Spec) -> PackagedFunction:
    return PackagedFunction(name, spec.aws.artifact_bucket, f"packages/{name}/not-deployed-yet.zip", "", 0)
