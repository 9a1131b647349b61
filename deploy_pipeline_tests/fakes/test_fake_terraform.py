"""The fake Terraform keeps what its interface promises."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.spec import BackendSpec, TerraformSpec
from deploy_pipeline.gateways.terraform import AppliedState, Plan
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform, PlanCall

SPEC = TerraformSpec(directory="infra/main", backend=BackendSpec(bucket="state", key="k", region="us-east-1"))


def test_fake_terraform_applies_only_what_it_planned(tmp_path: Path) -> None:
    plan, state, broken = Plan("p", "d", 1, 0, 0, 0), AppliedState(1, "l", 1, {}), DeployError("broken")
    other = SPEC.model_copy(update={"directory": "infra/other"})
    fake = FakeTerraform(plans={"infra/main": plan, "infra/other": broken}, states={"infra/main": state}, output=("x",))
    lines: list[str] = []
    work = tmp_path / "work"
    with pytest.raises(DeployError, match="no saved plan"):
        fake.apply(work, "p", lines.append)
    with pytest.raises(DeployError, match="nothing was prepared"):
        fake.plan(work, variables={"a": 1}, on_line=lines.append)
    fake.init(SPEC, source=tmp_path, work=work, on_line=lines.append)
    assert fake.plan(work, variables={"a": 1}, on_line=lines.append) is plan
    with pytest.raises(DeployError, match="not the one that was checked"):
        fake.apply(work, "q", lines.append)
    assert fake.apply(work, "p", lines.append) is state
    fake.init(other, source=tmp_path, work=work, on_line=lines.append)
    with pytest.raises(DeployError) as caught:
        fake.plan(work, variables={}, on_line=lines.append)
    assert caught.value is broken
    assert fake.planned[0] == PlanCall(SPEC, tmp_path, work, {"a": 1})
    assert (fake.applied, lines) == ([(work, "p")], ["x"] * 5)
