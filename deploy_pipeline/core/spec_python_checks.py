"""The checks of Python code in the spec: their versions, arguments and thresholds."""

from typing import Annotated

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_check import CheckSpec, Globs, Minutes, ToolCheckSpec
from deploy_pipeline.core.spec_types import RelativePath, Severity, Text

Percent = Annotated[float, Field(ge=0, le=100)]
PYTHON = ("*.py", "*.pyi")
REQUIREMENTS = ("requirements*.txt", "constraints*.txt")


class BlackCheck(ToolCheckSpec):
    """Format of Python code."""

    version: types.ToolVersion = "26.10.1"
    """version of the tool, exactly"""
    paths: Globs = PYTHON
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class IsortCheck(ToolCheckSpec):
    """Order of imports."""

    version: types.ToolVersion = "9.0.2"
    """version of the tool, exactly"""
    paths: Globs = PYTHON
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""


class Flake8Check(ToolCheckSpec):
    """Mistakes and style of Python code."""

    version: types.ToolVersion = "7.5.0"
    """version of the tool, exactly"""
    paths: Globs = PYTHON
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    arguments: tuple[Text, ...] = ("--max-line-length=100", "--exclude=venv,build")
    """further arguments of the tool"""


class MypyCheck(ToolCheckSpec):
    """Types of Python code, with the repository's dependencies installed."""

    version: types.ToolVersion = "2.4.1"
    """version of the tool, exactly"""
    paths: Globs = PYTHON
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    arguments: tuple[Text, ...] = ("--ignore-missing-imports",)
    """further arguments of the tool"""


class BanditCheck(ToolCheckSpec):
    """Security mistakes in Python code; only findings that are new against the base branch block."""

    version: types.ToolVersion = "1.9.4"
    """version of the tool, exactly"""
    paths: Globs = PYTHON
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    block_severities: Annotated[tuple[Severity, ...], Field(min_length=1)] = ("HIGH", "MEDIUM")
    """severities that fail the check"""


class DependencyCheck(CheckSpec):
    """Known vulnerabilities of the dependencies in the requirement files."""

    version: types.ToolVersion
    """version of the tool, exactly"""
    paths: Globs = REQUIREMENTS
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    ignore: tuple[types.VulnerabilityId, ...] = ()
    """ids of accepted vulnerabilities"""


class PipAuditCheck(DependencyCheck):
    """Known vulnerabilities of dependencies, by pip-audit."""

    version: types.ToolVersion = "2.10.1"
    """version of the tool, exactly"""


class SafetyCheck(DependencyCheck):
    """Known vulnerabilities of dependencies, by safety; needs an account."""

    version: types.ToolVersion = "3.8.1"
    """version of the tool, exactly"""
    blocking: bool = False
    """whether its failure fails the pull request"""


class PytestCheck(CheckSpec):
    """Unit tests with coverage."""

    version: types.ToolVersion = "9.2.0"
    """version of pytest, exactly"""
    cov_version: types.ToolVersion = "7.1.0"
    """version of pytest-cov, exactly"""
    xdist_version: types.ToolVersion = "3.8.0"
    """version of pytest-xdist, exactly"""
    paths: Globs = (*PYTHON, *REQUIREMENTS)
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    targets: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = ("tests",)
    """files and folders with tests"""
    arguments: tuple[Text, ...] = ()
    """further arguments of pytest"""
    coverage_of: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = (".",)
    """folders whose coverage counts"""
    minimum_coverage: Percent = 85.0
    """coverage in percent of lines below which the check fails"""
    maximum_coverage_drop: Percent = 100.0
    """percentage points that coverage may fall against the base branch"""
    timeout_minutes: Minutes = 15
    """minutes after which it is stopped, and has failed"""
