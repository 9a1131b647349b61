"""The fake Docker engine keeps what its interface promises."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.docker_engine import RegistryLogin
from deploy_pipeline_tests.fakes.fake_docker_engine import BuildCall, FakeDockerEngine, id_of

LOGIN = RegistryLogin("registry.example.com", "AWS", "s3cret")


def test_fake_docker_engine_keeps_images_and_raises_what_it_was_told(tmp_path: Path) -> None:
    lines: list[str] = []
    refused = DeployError("denied")
    fake = FakeDockerEngine(failures={"r/app:bad": refused, "removal of app:1": refused}, output=("Step 1/1", "ok"))
    image_id = fake.build(
        context=tmp_path,
        dockerfile="Dockerfile",
        tag="app:1",
        build_args={"A": "b"},
        labels={},
        on_line=lines.append,
        timeout=5,
    )
    fake.tag(image_id, "r/app:1")
    assert fake.push("r/app:1", LOGIN) == fake.pushed["r/app:1"] == id_of(f"manifest of {image_id}")
    assert (lines, fake.builds) == (["Step 1/1", "ok"], [BuildCall(tmp_path, "Dockerfile", "app:1", {"A": "b"}, {}, 5)])
    with pytest.raises(DeployError) as caught:
        fake.push("r/app:bad", LOGIN)
    assert caught.value is refused
    with pytest.raises(DeployError, match="No such image"):
        fake.tag("sha256:absent", "r/app:2")
    with pytest.raises(DeployError, match="does not exist locally"):
        fake.push("r/other:1", LOGIN)
    fake.remove("r/app:1")
    fake.remove("r/app:1")
    with pytest.raises(DeployError):
        fake.remove("app:1")
    assert set(fake.images) == {"app:1"}
