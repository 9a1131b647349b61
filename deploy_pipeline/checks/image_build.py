"""The check that builds the images whose context has changed.

Docker's builder runs a Dockerfile's RUN steps with the engine's default capabilities and network, outside the boxes:
that is why it waits until the head is trusted.
"""

from pathlib import Path

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.checks.tree_files import has_folder, head_spec
from deploy_pipeline.core.checks import image_build
from deploy_pipeline.core.checks.assessment import Assessment, skipped
from deploy_pipeline.core.checks.subject import Subject
from deploy_pipeline.core.checks.waiting import waiting
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import ImageSpec


def check_image_build(subject: Subject, bench: Bench) -> Assessment:
    """Whether the images that the pull request changes can be built. Nothing of them is kept."""
    images = image_build.changed_images(subject.spec, head_spec(subject), subject.changed_paths)
    if not images:
        return skipped("no image's context has changed")
    if not subject.authorised:
        return waiting(subject)
    bench.docker_engine.version()  # an engine that is not there says nothing about the images
    failures = {name: _failure(subject, bench, name, image) for name, image in images.items()}
    return image_build.assess(subject.spec, failures)


def _failure(subject: Subject, bench: Bench, name: str, image: ImageSpec) -> str | None:
    """What the build says when it fails. Trouble of the engine's own is raised: it says nothing about the image."""
    if not has_folder(subject.head_tree, image.context):
        return f"the pull request has no folder {image.context}, which deploy.yaml names"
    tag = image_build.tag(subject.head, name)
    try:
        bench.docker_engine.build(
            context=Path(subject.head_tree, image.context),
            dockerfile=image.dockerfile,
            tag=tag,
            build_args=image.build_args,
            labels={},
            on_line=bench.on_line,
            timeout=subject.spec.validation.checks.image_build.timeout_minutes * 60,
        )
    except DeployError as error:
        if error.retryable:
            raise
        return error.what
    _remove(tag, bench)
    return None


def _remove(tag: str, bench: Bench) -> None:
    """An image that stays takes space, and nothing else."""
    try:
        bench.docker_engine.remove(tag)
    except DeployError as error:
        bench.on_line(f"{tag} was not removed: {error.what}")
