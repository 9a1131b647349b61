"""The small pure parts around a deployment: names of assets, tags of runs, variables of stacks, links."""

import pytest
from pydantic import TypeAdapter

from deploy_pipeline.core.asset_keys import asset_lineage, asset_path
from deploy_pipeline.core.candidate import Candidate
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.run_tags import commit_tags
from deploy_pipeline.core.stack_variables import stack_variables
from deploy_pipeline_tests.samples import DIGEST, REGISTRY, SHA, a_commit, a_package, a_pushed_image, a_spec


def test_asset_lineage_leads_from_images_over_stacks_to_what_runs() -> None:
    image, stack = ["production", "image", "inference"], ["production", "terraform", "main"]
    function, service = ["production", "function", "data_prep"], ["production", "service", "inference"]
    assert asset_lineage(a_spec()) == [
        (image, []),
        (stack, [image]),
        (function, [stack]),
        (service, [image, stack]),
        (["production", "release", "live"], [image, stack, function, service]),
    ]


def test_asset_path_has_only_what_dagster_allows() -> None:
    assert asset_path("pre-prod", "image", "inference") == ["pre_prod", "image", "inference"]


@pytest.mark.parametrize(("pull_request", "expected"), [(7, "7"), (None, None)])
def test_commit_tags(pull_request: int | None, expected: str | None) -> None:
    tags = commit_tags(a_commit(pull_request=pull_request), "production")
    assert tags.get("deploy/pull_request") == expected
    assert tags["deploy/commit"] == SHA
    assert tags["deploy/title"] == "Score faster"


def test_commit_tags_leave_out_what_is_empty() -> None:
    assert "deploy/author" not in commit_tags(a_commit(author=""), "production")


def test_stack_variables_feed_digests_and_keys_under_the_stacks_own_names() -> None:
    stack = a_spec().terraform["main"]
    assert stack_variables(stack, [a_pushed_image()], [a_package()]) == {
        "artifact_bucket": "artifacts",
        "image_uris": {"inference": f"{REGISTRY}/ml/inference@{DIGEST}"},
        "package_keys": {"data_prep": "packages/data_prep/abc.zip"},
    }


def test_stack_variables_of_a_stack_that_takes_none() -> None:
    stack = a_spec().terraform["main"].model_copy(update={"image_variable": None, "package_variable": None})
    assert stack_variables(stack, [a_pushed_image()], [a_package()]) == {"artifact_bucket": "artifacts"}


@pytest.mark.parametrize(
    ("target", "table", "name"),
    [
        ({"image": "inference"}, "images", "inference"),
        ({"function": "data_prep"}, "functions", "data_prep"),
        ({"service": "inference"}, "services", "inference"),
    ],
)
def test_a_branch_carries_its_own_target_alone(target: dict[str, str], table: str, name: str) -> None:
    whole = Candidate(a_commit(), a_spec(), force=True)
    part = whole.only(**target)
    for each in ("images", "functions", "services"):
        assert getattr(part.spec, each) == ({name: getattr(whole.spec, table)[name]} if each == table else {})
    assert (part.commit, part.force, part.spec.aws) == (whole.commit, True, whole.spec.aws)
    values = TypeAdapter(Candidate)
    assert values.validate_json(values.dump_json(part)) == part


@pytest.mark.parametrize("ui", ["http://127.0.0.1:3000", "http://127.0.0.1:3000/"])
def test_links_run(ui: str) -> None:
    assert Links(ui).run("r1") == "http://127.0.0.1:3000/runs/r1"


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Score faster\n\nBecause it was slow.", "Score faster"),
        ("Merge pull request #7 from acme/faster\n\nScore faster", "Score faster"),
        ("Merge pull request #7 from acme/faster", "Merge pull request #7 from acme/faster"),
        ("\n  Score faster  \n", "Score faster"),
        ("", ""),
    ],
)
def test_commit_title(message: str, expected: str) -> None:
    assert a_commit(message=message).title == expected
