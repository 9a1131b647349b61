"""The keys of a function's package and alias."""

from dataclasses import replace

import pytest

from deploy_pipeline.core.candidate import FunctionDeployment
from deploy_pipeline.core.content_key import Entry
from deploy_pipeline.core.function_key import IN_DOUBT, alias_key, package_key, requirements_doubt
from deploy_pipeline.core.spec import FunctionSpec
from deploy_pipeline_tests.samples import a_candidate, a_package

FUNCTION = FunctionSpec(function_name="f", source="lambda/f")
FILES = (Entry("handler.py", "file", 0o644, "aa"),)
PIP = {"python": "3.11", "PIP_INDEX_URL": "https://index"}


@pytest.mark.parametrize(
    ("name", "function", "files", "requirements", "installer"),
    [
        ("g", FUNCTION, FILES, "a==1", PIP),
        ("f", FUNCTION.model_copy(update={"runtime": "python3.12"}), FILES, "a==1", PIP),
        ("f", FUNCTION, (replace(FILES[0], content="bb"),), "a==1", PIP),
        ("f", FUNCTION, (replace(FILES[0], mode=0o755),), "a==1", PIP),
        ("f", FUNCTION, (replace(FILES[0], path="main.py"),), "a==1", PIP),
        ("f", FUNCTION, (), "a==1", PIP),
        ("f", FUNCTION, FILES, "a==1", PIP | {"python": "3.12"}),
        ("f", FUNCTION, FILES, "a==1", PIP | {"PIP_INDEX_URL": "https://other"}),
    ],
)
def test_package_key_differs(
    name: str, function: FunctionSpec, files: tuple[Entry, ...], requirements: str, installer: dict[str, str]
) -> None:
    base = package_key("f", FUNCTION, FILES, "a==1", PIP)
    assert base.value
    assert package_key(name, function, files, requirements, installer).value != base.value


def test_package_key_without_requirements_does_not_ask_who_would_install_them() -> None:
    assert package_key("f", FUNCTION, FILES, "", PIP) == package_key("f", FUNCTION, FILES, "", {})


def test_an_installer_in_doubt_gives_no_key_where_there_are_requirements() -> None:
    assert package_key("f", FUNCTION, FILES, "a==1", PIP | {IN_DOUBT: "why"}).doubt == "why"
    assert package_key("f", FUNCTION, FILES, "", PIP | {IN_DOUBT: "why"}).value


def test_package_key_leaves_out_what_a_package_does_not_depend_on() -> None:
    other = FUNCTION.model_copy(update={"alias": "next", "function_name": "g", "source": "elsewhere"})
    assert package_key("f", other, FILES, "", {}) == package_key("f", FUNCTION, FILES, "", {})


@pytest.mark.parametrize(
    "text",
    [
        "", "a==1\n", "a[b]>=1,<2 ; python_version < '3.12'\n", "# -r other.txt\na==1  # see https://x/y\n",
        "a==1 \\\n    --hash=sha256:00ff \\\n    --hash=sha256:11ee\n",
    ],
)  # fmt: skip
def test_requirements_that_are_whole(text: str) -> None:
    assert requirements_doubt(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "-r other.txt", "-rother.txt", "--requirement other.txt", "-c limits.txt", "-e .", "--find-links wheels",
        "./wheel.whl", "a @ file:///x", "git+https://x/y", "a==${VERSION}", "wheels\\a.whl", "--index-url https://x",
    ],
)  # fmt: skip
def test_requirements_that_lie_elsewhere_have_no_key(text: str) -> None:
    assert "lies elsewhere" in requirements_doubt(f"b==1\n{text}\n")
    assert package_key("f", FUNCTION, FILES, text, PIP).value == ""


def test_alias_key_is_of_the_code_and_where_it_is_served() -> None:
    deployment = FunctionDeployment(a_candidate(), a_package())
    other = FunctionDeployment(a_candidate(), replace(a_package(), code_sha256="other"))
    assert alias_key(deployment) != alias_key(other)
    assert alias_key(deployment) == alias_key(FunctionDeployment(a_candidate(message="Another"), a_package()))
