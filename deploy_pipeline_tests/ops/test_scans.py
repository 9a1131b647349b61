"""The scanner is ready before there is an image to scan, and is not asked where there will be none."""

import dagster as dg

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.ops.scans import prepare_scanner
from deploy_pipeline_tests.fakes.fake_trivy import FakeTrivy
from deploy_pipeline_tests.samples import a_candidate, a_spec


def prepared(spec: Spec, trivy: FakeTrivy) -> object:
    return prepare_scanner(dg.build_op_context(), candidate=a_candidate(spec), trivy=trivy)


def test_prepare_scanner_says_what_it_knows() -> None:
    assert prepared(a_spec(), FakeTrivy({})) == "trivy 1, database of today"


def test_prepare_scanner_needs_no_scanner_where_there_are_no_images() -> None:
    missing = FakeTrivy({})
    missing.known = DeployError("cannot run trivy", where="trivy")
    assert prepared(a_spec(images={}, services={}), missing) == "no image to scan"
