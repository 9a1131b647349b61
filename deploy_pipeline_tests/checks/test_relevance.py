"""Which checks a pull request concerns, for what its own files name."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from deploy_pipeline.checks.relevance import why_not
from deploy_pipeline.core.checks.catalogue import CHECKS
from deploy_pipeline.core.checks.subject import ChangedFile, Subject
from deploy_pipeline_tests.checks.benches import a_subject, a_tree
from deploy_pipeline_tests.samples import SPEC

OF_STACKS = {"terraform_validate", "terraform_plan", "cost"}
OF_REQUIREMENTS = {"mypy", "pip_audit", "safety", "pytest"}
ALWAYS = {"image_build"}


def concerned(subject: Subject) -> set[str]:
    return {name for name in CHECKS if why_not(name, subject) is None} - ALWAYS


@pytest.mark.parametrize("path", ["terraform/main/policy.json", "terraform/main/templates/user.tftpl"])
def test_any_file_of_a_stack_concerns_what_looks_at_stacks(tmp_path: Path, path: str) -> None:
    assert concerned(a_subject(a_tree(tmp_path, {}), changed=path)) == OF_STACKS


def test_deploy_yaml_names_the_stacks_and_their_variables(tmp_path: Path) -> None:
    assert concerned(a_subject(a_tree(tmp_path, {}), changed="deploy.yaml")) == {"spec", *OF_STACKS}


def test_a_stack_counts_where_the_head_has_it(tmp_path: Path) -> None:
    text = json.dumps({**SPEC, "terraform": {"main": {**SPEC["terraform"]["main"], "directory": "infra"}}})
    tree = a_tree(tmp_path, {"deploy.yaml": text})
    assert concerned(a_subject(tree, changed="infra/policy.json")) == OF_STACKS


def test_a_module_may_read_any_file_beside_it(tmp_path: Path) -> None:
    head, base = (
        a_tree(tmp_path / "h", {"modules/ecs/main.tf": ""}),
        a_tree(tmp_path / "b", {"modules/old/main.tf": ""}),
    )
    assert concerned(a_subject(head, base, "modules/ecs/tasks/web.json")) == OF_STACKS
    assert concerned(a_subject(head, base, "modules/old/policy.json")) == OF_STACKS
    assert concerned(a_subject(head, base, "modules/README.md")) == set()


def test_requirement_files_that_the_spec_names_and_what_they_include(tmp_path: Path) -> None:
    files = {"deps/prod.txt": "-r more.in\n-c ../limits.in\n", "deps/more.in": "-r gone.in\n", "limits.in": ""}
    subject = a_subject(a_tree(tmp_path, files), requirements=["deps/prod.txt"])
    for path in ("deps/prod.txt", "deps/more.in", "limits.in", "deps/gone.in"):
        assert concerned(replace(subject, changes=(ChangedFile(path, "modified"),))) == OF_REQUIREMENTS
    assert concerned(replace(subject, changes=(ChangedFile("deps/other.in", "modified"),))) == set()


@pytest.mark.parametrize("content", [b"\xff", b"#" * 2_000_000, b"a==1\n" * 20_000])
def test_a_requirement_file_that_cannot_be_read_concerns_them_all_the_same(tmp_path: Path, content: bytes) -> None:
    tree = a_tree(tmp_path, {"prod.txt": "-r more.in\n"})
    (tree / "more.in").write_bytes(content)
    assert concerned(a_subject(tree, changed="more.in", requirements=["prod.txt"])) == OF_REQUIREMENTS
