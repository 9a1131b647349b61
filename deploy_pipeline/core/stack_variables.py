"""The variables that the pipeline feeds a Terraform stack: images by digest, packages by key."""

from collections.abc import Sequence
from typing import Any

from deploy_pipeline.core.candidate import PackagedFunction, PushedImage
from deploy_pipeline.core.spec import TerraformSpec


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
