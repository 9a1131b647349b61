"""Which images a pull request changes, and what their builds amount to."""

from collections.abc import Mapping

from deploy_pipeline.core.checks.assessment import Assessment, Finding, skipped
from deploy_pipeline.core.checks.plain_text import plain
from deploy_pipeline.core.spec import ImageSpec, Spec

RULE = "image-build"
SHA_CHARACTERS = 12


def changed_images(base: Spec, head: Spec | None, paths: tuple[str, ...]) -> dict[str, ImageSpec]:
    """The base's images of which a file in the build context has changed; the Dockerfile lies in it.

    An image that the head's own spec no longer has is left out.
    """
    kept = {name: image for name, image in base.images.items() if head is None or name in head.images}
    return {name: image for name, image in kept.items() if any(_is_below(path, image.context) for path in paths)}


def tag(head: str, name: str) -> str:
    """The name that an image has until it is removed."""
    return f"deploy-pipeline/validation:{head[:SHA_CHARACTERS]}-{name}"


def assess(spec: Spec, failures: Mapping[str, str | None]) -> Assessment:
    """`failures` has every image that was built: None, or what the build said."""
    if not failures:
        return skipped("no image's context has changed")
    findings = tuple(_finding(spec.images[name], name, said) for name, said in failures.items() if said is not None)
    if findings:
        names = ", ".join(finding.subject for finding in findings)
        return Assessment("failed", f"{names} cannot be built", findings)
    return Assessment("passed", f"built {', '.join(failures)}")


def _finding(image: ImageSpec, name: str, said: str) -> Finding:
    return Finding(RULE, plain(said), path=_dockerfile(image), subject=name)


def _dockerfile(image: ImageSpec) -> str:
    return image.dockerfile if image.context in {".", "./"} else f"{image.context.rstrip('/')}/{image.dockerfile}"


def _is_below(path: str, folder: str) -> bool:
    parts = [part for part in folder.split("/") if part not in {"", "."}]
    return path.split("/")[: len(parts)] == parts
