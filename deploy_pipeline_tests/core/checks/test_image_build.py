"""Which images a pull request changes."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding, skipped
from deploy_pipeline.core.checks.image_build import assess, changed_images, tag
from deploy_pipeline_tests.samples import a_spec

ROOT = a_spec(images={"inference": {"repository": "ml/inference", "context": "."}})


@pytest.mark.parametrize(
    ("path", "changed"),
    [
        ("fargate/inference/Dockerfile", True),
        ("fargate/inference/src/app.py", True),
        ("fargate/inference2/app.py", False),
        ("fargate/inference", True),
        ("README.md", False),
    ],
)
def test_changed_images(path: str, changed: bool) -> None:
    assert bool(changed_images(a_spec(), None, (path,))) is changed
    assert changed_images(ROOT, None, (path,)) == ROOT.images


def test_an_image_that_the_head_drops_is_not_built() -> None:
    assert changed_images(a_spec(), a_spec(images={}, services={}, smoke_tests=[]), ("fargate/inference/a",)) == {}


def test_assess() -> None:
    spec = a_spec()
    assert assess(spec, {}) == skipped("no image's context has changed")
    assert assess(spec, {"inference": None}) == Assessment("passed", "built inference")
    finding = Finding("image-build", "failed at Step 2/3 no", path="fargate/inference/Dockerfile", subject="inference")
    assert assess(spec, {"inference": "failed at Step 2/3\nno"}) == Assessment(
        "failed", "inference cannot be built", (finding,)
    )
    assert tag("a" * 40, "inference") == "deploy-pipeline/validation:aaaaaaaaaaaa-inference"
