"""What a plan of a pull request is given."""

import json

import pytest

from deploy_pipeline.core.checks.terraform_plan_run import aws_environment, backend_kind, init, plan, show, variables
from deploy_pipeline_tests.fakes.fake_isolation import PLACES
from deploy_pipeline_tests.samples import a_deployed, a_package, a_pushed_image, a_spec

TERRAFORM = "/opt/tools/bin/terraform"


def test_command_lines() -> None:
    backend = a_spec().terraform["main"].backend
    assert init(PLACES, backend, emulated=False) == (
        TERRAFORM, "init", "-input=false", "-no-color", "-lockfile=readonly", "-backend-config=bucket=state",
        "-backend-config=key=main.tfstate", "-backend-config=region=us-east-1", "-backend-config=use_lockfile=true",
    )  # fmt: skip
    assert "-backend-config=use_path_style=true" in init(PLACES, backend, emulated=True)
    assert plan(PLACES) == (
        TERRAFORM, "plan", "-json", "-lock=false", "-input=false", "-no-color",
        "-var-file=/scratch/deploy_pipeline.tfvars.json", "-out=/scratch/plan.tfplan",
    )  # fmt: skip
    assert show(PLACES) == (TERRAFORM, "show", "-json", "-no-color", "/scratch/plan.tfplan")


def test_aws_environment() -> None:
    region = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
    assert aws_environment("us-east-1", None) == region
    emulated = aws_environment("us-east-1", "aws.sandbox.internal:4566")
    assert emulated == region | {"AWS_ENDPOINT_URL": "http://aws.sandbox.internal:4566"}


def test_variables_are_what_is_live() -> None:
    spec = a_spec()
    assert json.loads(variables(spec.terraform["main"], spec, a_deployed())) == {
        "artifact_bucket": "artifacts",
        "image_uris": {"inference": a_pushed_image().pinned},
        "package_keys": {"data_prep": a_package().key},
    }


def test_variables_are_placeholders_before_the_first_deployment() -> None:
    spec = a_spec()
    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/ml/inference@sha256:" + "0" * 64
    assert json.loads(variables(spec.terraform["main"], spec, None)) == {
        "artifact_bucket": "artifacts",
        "image_uris": {"inference": image},
        "package_keys": {"data_prep": "packages/data_prep/not-deployed-yet.zip"},
    }


@pytest.mark.parametrize(
    ("state", "expected"),
    [(b'{"backend": {"type": "s3"}}', "s3"), (b'{"backend": null}', None), (b"{}", None), (b"", None), (None, None)],
)
def test_backend_kind(state: bytes | None, expected: str | None) -> None:
    assert backend_kind(state) == expected
