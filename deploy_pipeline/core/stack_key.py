"""The keys of a stack: what decides how it is prepared, and what decides its plan."""

from collections.abc import Mapping
from typing import Any

from deploy_pipeline.core.content_key import ContentKey, Tree, key_of, listed, no_key
from deploy_pipeline.core.spec import TerraformSpec


def source_key(stack: TerraformSpec, tree: Tree, terraform: str) -> ContentKey:
    """The key of `terraform init`. `terraform` is the identity of the program and its environment."""
    if tree.doubt:
        return no_key(tree.doubt)
    backend = stack.backend.model_dump(mode="json")
    files = listed(tree.entries)
    return key_of("stack source", directory=stack.directory, backend=backend, files=files, terraform=terraform)


def plan_key(source: ContentKey, variables: Mapping[str, Any]) -> ContentKey:
    """The key of a plan: everything above, and the variables. It holds only while the state is the one it left."""
    return key_of("plan", source=source.value, variables=dict(variables)) if source.value else source
