"""The mirror of the base branch's providers. Terraform's own part needs its registry: its zips are made here."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.checks.bench import Bench, CheckSettings
from deploy_pipeline.checks.provider_mirror import provider_mirror, target
from deploy_pipeline.core.checks.provider_lock import LockedProvider
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline_tests.checks.benches import a_bench
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall

AWS = "registry.terraform.io/hashicorp/aws"
LOCK = {AWS: LockedProvider(AWS, "5.100.0", "~> 5.100", ("h1:edXOJWE4ORX8Fm=",))}


def bench(workspace: Path, process: FakeProcess | None = None, mirror: Path | None = None) -> Bench:
    settings = CheckSettings({"terraform": "/usr/bin/terraform"}, provider_mirror=str(mirror) if mirror else None)
    given = a_bench(FakeIsolation())
    return replace(given, settings=settings, workspace=Workspace(workspace), process=process or FakeProcess())


def mirrors(call: ProcessCall) -> Completed:
    """Lay out a packed mirror, as `terraform providers mirror` does."""
    folder = Path(call.argv[-1], AWS)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / f"terraform-provider-aws_5.100.0_{target()}.zip", "w") as archive:
        archive.writestr("terraform-provider-aws_v5.100.0_x5", "program")
        archive.writestr("LICENSE.txt", "text")
    return Completed(call.argv, 0, "", "")


def test_what_terraform_fetched_is_unpacked_for_boxes_once(tmp_path: Path) -> None:
    seen: list[tuple[object, str]] = []

    def remember(call: ProcessCall) -> Completed:
        stack = Path(call.argv[1].removeprefix("-chdir="))
        seen.append((json.loads((stack / "main.tf.json").read_text()), (stack / ".terraform.lock.hcl").read_text()))
        return mirrors(call)

    ready = bench(tmp_path, FakeProcess(remember))
    mirror = provider_mirror(LOCK, ready)
    assert provider_mirror(LOCK, ready) == mirror
    folder = mirror / AWS / "5.100.0" / target()
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in folder.iterdir()}
    assert modes == {"terraform-provider-aws_v5.100.0_x5": "0o755", "LICENSE.txt": "0o644"}
    ((configuration, lock),) = seen
    provider = {"source": AWS, "version": "5.100.0"}
    assert configuration == {"terraform": {"required_providers": {"provider0": provider}}}
    assert "h1:edXOJWE4ORX8Fm=" in lock
    assert {file.name for file in (tmp_path / "providers").iterdir()} == {mirror.name, f"{mirror.name}.lock"}


def test_a_registry_that_cannot_be_reached(tmp_path: Path) -> None:
    fails = FakeProcess(lambda call: Completed(call.argv, 1, "", "no such host"))
    with pytest.raises(DeployError, match="no such host"):
        provider_mirror(LOCK, bench(tmp_path, fails))
    assert not [file for file in (tmp_path / "providers").iterdir() if file.is_dir()]


def test_a_given_mirror_is_used_when_it_has_everything(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"no unpacked hashicorp/aws 5\.100\.0"):
        provider_mirror(LOCK, bench(tmp_path, mirror=tmp_path))
    (tmp_path / AWS / "5.100.0" / target()).mkdir(parents=True)
    assert provider_mirror(LOCK, bench(tmp_path, mirror=tmp_path)) == tmp_path
