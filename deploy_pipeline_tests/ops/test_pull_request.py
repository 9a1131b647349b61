"""What a validation asks for before it begins."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.ops.pull_request import ValidateConfig, open_pull_request, shortened
from deploy_pipeline_tests.fakes.fake_github import FakeGitHub
from deploy_pipeline_tests.jobs.validation_world import PULL
from deploy_pipeline_tests.samples import a_commit, a_spec


def test_only_a_head_that_is_named_may_be_planned_and_built() -> None:
    github = FakeGitHub([a_commit()], pull_requests=[PULL])
    with pytest.raises(DeployError, match="has to be named"):
        open_pull_request(github, a_spec(), ValidateConfig(pull_request=7, authorised=True))
    found = open_pull_request(github, a_spec(), ValidateConfig(pull_request=7, head=PULL.head, authorised=True))
    assert found.head == PULL.head


def test_a_long_list_is_shortened() -> None:
    paths = [f"{number}/pyproject.toml" for number in range(102)]
    assert shortened(paths) == ", ".join([*paths[:100], "and 2 more"])
    assert (shortened(paths[:1]), shortened([])) == ("0/pyproject.toml", "")
