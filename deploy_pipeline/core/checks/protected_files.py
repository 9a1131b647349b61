"""The files that configure the tools. A pull request must not choose its own rules: the base branch's stand in their
place, and a change to one takes effect after the merge. Replacing them is `checks.trees`."""

TOOL_CONFIGURATION = {
    ".bandit": "Bandit",
    ".checkov.yaml": "Checkov",
    ".checkov.yml": "Checkov",
    ".coveragerc": "coverage",
    ".coveragerc.toml": "coverage",
    ".editorconfig": "isort",
    ".flake8": "Flake8",
    ".gitignore": "Black",
    ".hadolint.yaml": "hadolint",
    ".hadolint.yml": "hadolint",
    ".isort.cfg": "isort",
    ".mypy.ini": "mypy",
    ".pytest.ini": "pytest",
    ".pytest.toml": "pytest",
    ".safety-policy.yml": "safety",
    ".safety-project.ini": "safety",
    ".terraform": "Terraform",
    ".tfsec": "tfsec",
    ".trivyignore": "Trivy",
    ".trivyignore.yaml": "Trivy",
    ".trivyignore.yml": "Trivy",
    "bandit.yaml": "Bandit",
    "bandit.yml": "Bandit",
    "infracost-usage.yml": "Infracost",
    "infracost.yml": "Infracost",
    "mypy.ini": "mypy",
    "pyproject.toml": "Bandit, Black, coverage, isort, mypy, pytest",
    "pytest.ini": "pytest",
    "pytest.toml": "pytest",
    "setup.cfg": "coverage, Flake8, isort, mypy, pytest",
    "tox.ini": "Bandit, coverage, Flake8, isort, pytest",
    "trivy-secret.yaml": "Trivy",
    "trivy.yaml": "Trivy",
}
"""Names of files and folders, and the tools that read them by themselves: each can switch off rules, leave out files,
or bring programs.

Most tools read the one in the current folder, but isort and Black look upwards from the first file, and Black and
Trivy look into every folder: so the names count anywhere in the tree.
"""


def is_tool_configuration(path: str) -> bool:
    """Whether the path, or a folder that it lies in, has the name of a tool's configuration."""
    return not TOOL_CONFIGURATION.keys().isdisjoint(path.split("/"))
