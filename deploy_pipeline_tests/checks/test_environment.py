"""When an environment is made, of what, and which requirement files are refused."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deploy_pipeline.checks.environment import prepared_environment
from deploy_pipeline.checks.environment_files import LARGEST_FILE
from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import Prepared
from deploy_pipeline_tests.checks.benches import a_bench, a_subject, a_tree
from deploy_pipeline_tests.fakes.fake_isolation import FakeIsolation

TOOLS = Prepared("tools")
FILES = {"requirements.txt": "idna==3.10\n"}
PACKAGES = ("mypy==2.4.1", "pytest==9.2.0", "pytest-cov==7.1.0", "pytest-xdist==3.8.0")


def prepared(isolation: FakeIsolation, tree: Path, *, everything: bool = False, **changes: Any) -> Prepared:
    given = {"requirements": ["requirements.txt"], **changes.pop("validation", {})}
    subject = a_subject(tree, **changes, **given)
    return prepared_environment(subject, a_bench(isolation, prepared=TOOLS), everything=everything)


def test_the_environment_has_the_tools_of_the_base_and_the_requirements_of_the_head(tmp_path: Path) -> None:
    isolation = FakeIsolation()
    assert prepared(isolation, a_tree(tmp_path, FILES)) == Prepared("tools", "environment")
    assert isolation.environments == [("tools", PACKAGES, FILES)]


def test_nothing_is_installed_when_no_check_needs_it(tmp_path: Path) -> None:
    isolation, tree = FakeIsolation(), a_tree(tmp_path, FILES)
    assert prepared(isolation, tree, changed="README.md") == TOOLS
    assert isolation.environments == []
    assert prepared(isolation, tree, changed="README.md", everything=True).environment == "environment"


def test_requirements_that_cannot_be_met_are_the_pull_requests_problem(tmp_path: Path) -> None:
    problem = Uninstallable("no such version", where="requirements.txt", todo="require one that exists")
    made = prepared(FakeIsolation(environment=problem), a_tree(tmp_path, FILES))
    assert made == replace(TOOLS, problem=str(problem))


def test_an_index_that_does_not_answer_is_not(tmp_path: Path) -> None:
    trouble = DeployError("the package index did not answer", retryable=True)
    with pytest.raises(DeployError, match="did not answer"):
        prepared(FakeIsolation(environment=trouble), a_tree(tmp_path, FILES))


def absent(tree: Path) -> None:
    """Leave it out."""


def linked(tree: Path) -> None:
    (tree / "requirements.txt").symlink_to("/etc/passwd")


def linked_within(tree: Path) -> None:
    (tree / "other.txt").write_text("idna==3.10\n")
    (tree / "requirements.txt").symlink_to("other.txt")


def a_folder(tree: Path) -> None:
    (tree / "requirements.txt").mkdir()


def too_large(tree: Path) -> None:
    (tree / "requirements.txt").write_bytes(b"#" * (LARGEST_FILE + 1))


@pytest.mark.parametrize("spoil", [absent, linked, linked_within, a_folder, too_large])
def test_what_is_no_file_of_the_pull_request_is_refused_and_nothing_is_installed(tmp_path: Path, spoil: Any) -> None:
    spoil(tmp_path)
    isolation = FakeIsolation()
    made = prepared(isolation, tmp_path)
    assert (made.environment, isolation.environments) == ("", [])
    assert made.problem.startswith("requirements.txt: is ")


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/requirements.txt").write_text("idna==3.10\n")
    tree = a_tree(tmp_path / "tree", {})
    (tree / "deps").symlink_to(tmp_path / "outside")
    made = prepared(FakeIsolation(), tree, validation={"requirements": ["deps/requirements.txt"]})
    assert made.problem.startswith("deps/requirements.txt: is not a file of the pull request")


def test_what_a_requirement_file_includes_is_read_as_well(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "-r deps/more.txt\n-c deps/limits.txt\nidna==3.10\n",
        "deps/more.txt": "-r ../requirements.txt\nflask==3.1.0\n",
        "deps/limits.txt": "werkzeug==3.1.3\n",
        "deps/other.txt": "never==1.0\n",
    }
    isolation = FakeIsolation()
    assert prepared(isolation, a_tree(tmp_path, files)).problem == ""
    ((_, _, installed),) = isolation.environments
    assert installed == {
        "requirements.txt": "flask==3.1.0\n-c deps/limits.txt\nidna==3.10\n",
        "deps/limits.txt": "werkzeug==3.1.3\n",
    }


def test_a_file_that_is_named_and_included_is_installed_all_the_same(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"a.txt": "-r b.txt\n", "b.txt": "idna==3.10\n"})
    isolation = FakeIsolation()
    prepared(isolation, tree, validation={"requirements": ["a.txt", "b.txt"]})
    assert isolation.environments[0][2] == {"a.txt": "idna==3.10\n", "b.txt": "idna==3.10\n"}


@pytest.mark.parametrize(
    "included", ["absent.txt", "/etc/passwd", "../outside.txt", "link.txt", "folder/x.txt", "folder", "x" * 300, "a\0b"]
)
def test_an_include_that_is_no_file_of_the_tree_is_refused(tmp_path: Path, included: str) -> None:
    a_tree(tmp_path, {"outside.txt": "idna==3.10\n", "outside/x.txt": "idna==3.10\n"})
    tree = a_tree(tmp_path / "tree", {"requirements.txt": f"flask==3.1.0\n-r {included}\n"})
    (tree / "link.txt").symlink_to("../outside.txt")
    (tree / "folder").symlink_to("../outside")
    made = prepared(FakeIsolation(), tree)
    assert made.problem.startswith("requirements.txt:2: `-r ")
    assert "names a file that is not in the repository" in made.problem


def test_includes_have_an_end(tmp_path: Path) -> None:
    chain = {f"{number}.txt": f"-r {number + 1}.txt\n" for number in range(150)}
    made = prepared(FakeIsolation(), a_tree(tmp_path, {"requirements.txt": "-r 0.txt\n", **chain}))
    assert "includes more than 100 files" in made.problem


def test_a_changed_file_that_is_included_is_installed(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"requirements.txt": "-r base.in\n", "base.in": "idna==3.10\n"})
    assert prepared(FakeIsolation(), tree, changed="base.in").environment == "environment"


@pytest.mark.parametrize("line", ["a; " + "(" * 5000 + "python_version>'3'" + ")" * 5000, "a==1" + "-1" * 100_000])
def test_requirements_that_no_parser_can_take_are_the_pull_requests_problem(tmp_path: Path, line: str) -> None:
    made = prepared(FakeIsolation(), a_tree(tmp_path, {"requirements.txt": f"{line}\n"}))
    assert (made.environment, made.problem.startswith("requirements.txt:1: `a")) == ("", True)


def test_links_in_a_circle_are_no_files(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {})
    (tree / "requirements.txt").symlink_to("requirements.txt")
    assert prepared(FakeIsolation(), tree).problem.startswith("requirements.txt: is not a file of the pull request")


def test_what_nobody_thought_of_does_not_end_the_run() -> None:
    made = prepared(FakeIsolation(), Path("no\0folder"), everything=True)
    assert made.problem.startswith("requirements.txt: the requirements cannot be read (ValueError)")
