"""The keys of an image's stages: what decides how it is built, and what decides what a scan of it finds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from deploy_pipeline.core.content_key import ContentKey, Entry, Tree, key_of, listed, no_key
from deploy_pipeline.core.spec import ImageSpec


@dataclass(frozen=True)
class BuildInputs:
    """What a build takes in, apart from the spec.

    `context` is what the engine is sent, after `.dockerignore`; `dockerfile` counts whether it is sent or not.
    `bases` maps each image that the Dockerfile starts from to the id that the engine has for it, "" for none.
    `builder` describes the engine: version, platform, network of the steps.
    """

    context: Tree
    dockerfile: Entry
    bases: Mapping[str, str]
    builder: str
    doubt: str = ""


def image_key(image: ImageSpec, inputs: BuildInputs) -> ContentKey:
    """The key of a build. There is none while a base image is not in the engine: nobody knows what it will be."""
    missing = sorted(reference for reference, image_id in inputs.bases.items() if not image_id)
    absent = f"the engine does not have {', '.join(missing)} yet" if missing else ""
    if doubt := inputs.doubt or inputs.context.doubt or absent:
        return no_key(doubt)
    return key_of(
        "image",
        repository=image.repository,
        context=listed(inputs.context.entries),
        dockerfile=[image.dockerfile, *listed([inputs.dockerfile])],
        build_args=dict(image.build_args),
        bases=dict(inputs.bases),
        builder=inputs.builder,
    )


def scan_key(image_id: str, scanner: str, today: date) -> ContentKey:
    """The key of a scan's report; the spec's policy judges the report anew in each deployment.

    `scanner` describes the program and its databases. A report is a day old at most: the scanner also knows which
    distributions are no longer supported, by the date.
    """
    return key_of("scan", image_id=image_id, scanner=scanner, day=today.isoformat())
