"""What an image is built from, as the engine has it now: the context, the Dockerfile, the base images, the builder."""

from collections.abc import Mapping
from pathlib import Path

from docker import APIClient
from docker.errors import ImageNotFound

from deploy_pipeline.core.content_key import Entry
from deploy_pipeline.core.dockerfile import bases_of
from deploy_pipeline.core.image_key import BuildInputs
from deploy_pipeline.gateways.build_context import sent_tree
from deploy_pipeline.gateways.tree_entries import sha256_of


def build_inputs(
    client: APIClient, context: Path, dockerfile: str, build_args: Mapping[str, str], network: str | None
) -> BuildInputs:
    """The inputs of a build of `dockerfile` in the checked folder `context`; nothing is pulled."""
    file = context / dockerfile
    bases = bases_of(file.read_text(errors="surrogateescape"), build_args)
    doubt, ids = bases.doubt, {}
    for reference in bases.references:
        found = _inspected(client, reference)
        ids[reference] = str(found.get("Id", ""))
        if (found.get("Config") or {}).get("OnBuild"):
            doubt = f"{reference} has triggers"
    entry = Entry(dockerfile, "file", 0, sha256_of(file))
    return BuildInputs(sent_tree(context, dockerfile), entry, ids, _builder(client, network), doubt)


def _inspected(client: APIClient, reference: str) -> Mapping[str, Mapping[str, object]]:
    try:
        found: Mapping[str, Mapping[str, object]] = client.inspect_image(reference)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return {}
    return found


def _builder(client: APIClient, network: str | None) -> str:
    known = client.version()
    return f"classic {known['Version']} {known['Os']}/{known['Arch']} network {network or 'default'}"
