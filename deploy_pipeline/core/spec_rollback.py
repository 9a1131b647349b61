"""The part of the spec that says when a release is taken back by itself. Import it from `spec`."""

from typing import Annotated

from pydantic import Field

from deploy_pipeline.core import spec_types as types
from deploy_pipeline.core.spec_rollout import Minutes, Rate
from deploy_pipeline.core.spec_types import Name, SpecModel, Table, Text
from deploy_pipeline.core.traffic_shape import MOST_MINUTES

Requests = Annotated[int, Field(ge=1)]


class FunctionTriggerSpec(SpecModel):
    """When a function of the release answers too many requests with errors."""

    error_rate: Rate = 0.05
    """errors per request above which a minute is bad, 0 to 1"""
    minutes: Minutes = 5
    """bad minutes in a row"""
    minimum_requests: Requests = 50
    """requests in these minutes without which nothing is taken back"""


class ServiceTriggerSpec(SpecModel):
    """When too few tasks of a service of the release are healthy."""

    healthy_percent: Annotated[int, Field(ge=1, le=100)] = 80
    """part of the wanted tasks below which a service is ill"""
    minutes: Minutes = 3
    """minutes in a row for which it has to be ill"""


class ApiSpec(SpecModel):
    """An API of API Gateway, as CloudWatch names it."""

    api_name: Text
    """name of the API"""
    stage: Text
    """stage of the API"""


class ApiTriggerSpec(SpecModel):
    """When an API in front of the release answers too many requests with 5xx."""

    error_rate: Rate = 0.1
    """5xx answers per request above which a minute is bad, 0 to 1"""
    minutes: Minutes = 3
    """bad minutes in a row"""
    minimum_requests: Requests = 50
    """requests in these minutes without which nothing is taken back"""
    watched: Table[Name, ApiSpec] = types.EMPTY
    """the APIs, by name"""


class RollbackSpec(SpecModel):
    """When a release is taken back by itself, after its bake: once, and never past a person's decision."""

    watch_minutes: Annotated[int, Field(ge=0, le=MOST_MINUTES)] = 60
    """minutes for which a release is watched after it went live; 0: it is not"""
    functions: FunctionTriggerSpec = FunctionTriggerSpec()
    """errors of functions"""
    services: ServiceTriggerSpec = ServiceTriggerSpec()
    """health of services"""
    apis: ApiTriggerSpec = ApiTriggerSpec()
    """errors of APIs"""
