"""The part of the spec that says what waits for a person. Import it from `spec`."""

from typing import Annotated, Literal

from pydantic import Field

from deploy_pipeline.core.spec_types import SpecModel

Policy = Literal["deploy", "hold"]


class ApprovalsSpec(SpecModel):
    """What waits for a person's approval before anything is deployed."""

    unreviewed: Policy = "deploy"
    """what becomes of a merge whose pull request nobody had approved as it was merged"""
    unvalidated: Policy = "deploy"
    """what becomes of a merge whose pull request has no validation that passed"""
    unplanned: Policy = "deploy"
    """what becomes of a Terraform plan that no pull request has shown"""
    replanned: Policy = "hold"
    """what becomes of a Terraform plan that is not the one that the pull request showed"""
    timeout_hours: Annotated[int, Field(ge=1, le=720)] = 24
    """hours after which it counts as refused"""
