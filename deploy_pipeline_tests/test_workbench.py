"""The bench that an environment describes."""

import os
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline.gateways.aws_plan_access import AwsPlanAccess
from deploy_pipeline.gateways.docker_isolation import DockerIsolation
from deploy_pipeline.gateways.folder_objects import FolderObjects
from deploy_pipeline.gateways.object_store import S3ObjectStore
from deploy_pipeline.gateways.plan_access import NoPlanAccess
from deploy_pipeline.gateways.process_isolation import ProcessIsolation
from deploy_pipeline.workbench import bench_of, check_settings
from deploy_pipeline_tests.samples import a_spec

SECRETS = {name: f"s3cret-{name}" for name in ("SAFETY_API_KEY", "INFRACOST_API_KEY", "CODECOV_TOKEN", "GITHUB_TOKEN")}


def gateways(folder: Path, **environment: str) -> Gateways:
    return gateways_of({"DEPLOY_PIPELINE_WORK": str(folder), "AWS_REGION": "us-east-1", **environment})


def test_without_an_account_nothing_is_planned_and_objects_stay_here(tmp_path: Path) -> None:
    bench = bench_of(gateways(tmp_path), a_spec(), account=False)
    assert isinstance(bench.object_store, FolderObjects)
    assert isinstance(bench.plan_access, NoPlanAccess)
    assert (bench.prepared, bench.workspace.root) == (Prepared(), tmp_path)
    bench.object_store.put("b", "k", b"1", content_type="text/plain")
    assert (tmp_path / "objects/b/k").read_bytes() == b"1"


def test_with_an_account_both_are_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    bench = bench_of(gateways(tmp_path), a_spec())
    assert isinstance(bench.object_store, S3ObjectStore)
    assert isinstance(bench.plan_access, AwsPlanAccess)


@pytest.mark.parametrize(
    ("spec", "given", "kind"),
    [
        (a_spec(), None, DockerIsolation),
        (a_spec(validation={"isolation": "process"}), None, ProcessIsolation),
        (a_spec(validation={"isolation": "process"}), "container", DockerIsolation),
        (a_spec(), "process", ProcessIsolation),
    ],
)
def test_isolation_is_the_specs_unless_somebody_says_otherwise(
    tmp_path: Path, spec: Any, given: str | None, kind: type
) -> None:
    assert isinstance(bench_of(gateways(tmp_path), spec, isolation=given, account=False).isolation, kind)


def test_the_settings_of_checks_leave_out_programs_that_are_not_installed(tmp_path: Path) -> None:
    tfsec = tmp_path / "my-tfsec"
    tfsec.write_text("#!/bin/sh\n")
    tfsec.chmod(0o755)
    named = {f"DEPLOY_PIPELINE_{name}": "/nowhere/x" for name in ("TERRAFORM", "TRIVY", "INFRACOST")}
    own = {"DEPLOY_PIPELINE_TFSEC": str(tfsec), "DEPLOY_PIPELINE_TERRAFORM_MIRROR": "/mirror"}
    found = check_settings(gateways(tmp_path, **named, **own).settings)
    assert (found.programs, found.provider_mirror, found.advisory_url) == ({"tfsec": str(tfsec)}, "/mirror", None)
    assert (found.safety_key, found.infracost_key, found.codecov_token) == (None, None, None)


def test_secrets_are_handed_on_and_never_shown(tmp_path: Path) -> None:
    bench = bench_of(gateways(tmp_path, **SECRETS, PATH=os.environ["PATH"]), a_spec(), account=False)
    found = (bench.settings.safety_key, bench.settings.infracost_key, bench.settings.codecov_token)
    assert found == tuple(SECRETS.values())[:3]
    assert "s3cret" not in repr(bench)
