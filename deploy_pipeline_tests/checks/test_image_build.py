"""The build of changed images over an engine that builds nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.checks.image_build import check_image_build
from deploy_pipeline.core.checks.assessment import Assessment, Finding, skipped
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.checks.benches import a_tree
from deploy_pipeline_tests.checks.infrastructure_case import a_stack, an_infrastructure_bench
from deploy_pipeline_tests.fakes.fake_docker_engine import FakeDockerEngine
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation

TAG = "deploy-pipeline/validation:111111111111-inference"
CHANGED = "fargate/inference/app.py"


def test_a_changed_image_is_built_and_removed(tmp_path: Path) -> None:
    engine = FakeDockerEngine()
    bench = an_infrastructure_bench(FakeIsolation(), engine=engine)
    a_tree(tmp_path, {CHANGED: ""})
    assert check_image_build(a_stack(tmp_path, CHANGED), bench) == Assessment("passed", "built inference")
    assert [(build.context, build.tag) for build in engine.builds] == [(tmp_path / "fargate/inference", TAG)]
    assert engine.images == {}


def test_an_image_that_cannot_be_removed_was_built_nevertheless(tmp_path: Path) -> None:
    engine = FakeDockerEngine(failures={f"removal of {TAG}": DeployError("a container uses it")})
    lines: list[str] = []
    bench = replace(an_infrastructure_bench(FakeIsolation(), engine=engine), on_line=lines.append)
    a_tree(tmp_path, {CHANGED: ""})
    assert check_image_build(a_stack(tmp_path, CHANGED), bench).state == "passed"
    assert lines[-1] == f"{TAG} was not removed: a container uses it"


def test_a_head_that_nobody_trusts_waits(tmp_path: Path) -> None:
    engine = FakeDockerEngine()
    bench = an_infrastructure_bench(FakeIsolation(), engine=engine)
    assert check_image_build(a_stack(tmp_path, CHANGED, authorised=False), bench).state == "waiting"
    assert engine.builds == []


def test_no_changed_image_is_skipped(tmp_path: Path) -> None:
    found = check_image_build(a_stack(tmp_path, "README.md"), an_infrastructure_bench(FakeIsolation()))
    assert found == skipped("no image's context has changed")


def test_a_failed_build_fails(tmp_path: Path) -> None:
    engine = FakeDockerEngine(failures={TAG: DeployError("failed at Step 2/3", where="build", todo="see above")})
    a_tree(tmp_path, {CHANGED: ""})
    found = check_image_build(a_stack(tmp_path, CHANGED), an_infrastructure_bench(FakeIsolation(), engine=engine))
    finding = Finding("image-build", "failed at Step 2/3", path="fargate/inference/Dockerfile", subject="inference")
    assert found == Assessment("failed", "inference cannot be built", (finding,))


def test_trouble_of_the_engine_is_no_failure_of_the_pull_request(tmp_path: Path) -> None:
    engine = FakeDockerEngine(failures={TAG: DeployError("connection reset", retryable=True)})
    a_tree(tmp_path, {CHANGED: ""})
    with pytest.raises(DeployError, match="connection reset"):
        check_image_build(a_stack(tmp_path, CHANGED), an_infrastructure_bench(FakeIsolation(), engine=engine))


def test_a_context_that_is_a_link_is_not_sent_to_the_engine(tmp_path: Path) -> None:
    outside = a_tree(tmp_path / "outside", {"secret": ""})
    head = a_tree(tmp_path / "head", {"fargate/x": ""})
    (head / "fargate/inference").symlink_to(outside)
    engine = FakeDockerEngine()
    found = check_image_build(a_stack(head, CHANGED), an_infrastructure_bench(FakeIsolation(), engine=engine))
    assert (found.state, engine.builds) == ("failed", [])
