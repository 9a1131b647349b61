"""What every check of pull requests has in the spec. The checks themselves are in `spec_*_checks`."""

from typing import Annotated

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_types import RelativePath, SpecModel, Text

Minutes = Annotated[int, Field(ge=1, le=240)]
Globs = tuple[types.Glob, ...]


class CheckSpec(SpecModel):
    """One check of pull requests."""

    enabled: bool = True
    """whether it runs at all"""
    blocking: bool = True
    """whether its failure fails the pull request"""
    paths: Globs = ()
    """files, as in .gitignore, of which one must have changed for it to run; empty: it always runs"""
    timeout_minutes: Minutes = 10
    """minutes after which it is stopped, and has failed"""


class ToolCheckSpec(CheckSpec):
    """A check that is one program over the whole checkout."""

    version: types.ToolVersion
    """version of the tool, exactly"""
    arguments: tuple[Text, ...] = ()
    """further arguments of the tool"""
    targets: Annotated[tuple[RelativePath, ...], Field(min_length=1)] = (".",)
    """files and folders that it looks at"""
