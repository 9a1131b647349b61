"""Which files configure the tools."""

import pytest

from deploy_pipeline.core.checks.protected_files import is_tool_configuration


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pyproject.toml", True),
        ("fargate/training/setup.cfg", True),
        (".tfsec/config.yml", True),
        ("terraform/.trivyignore", True),
        ("pytest.ini/conftest.py", True),
        ("terraform/main/.terraform/modules/modules.json", True),
        ("setup.py", False),
        ("my-pyproject.toml", False),
        ("pyproject.toml.orig", False),
        (".terraform.lock.hcl", False),
        ("conftest.py", False),
        ("deploy.yaml", False),
        ("", False),
    ],
)
def test_is_tool_configuration(path: str, expected: bool) -> None:
    assert is_tool_configuration(path) is expected
