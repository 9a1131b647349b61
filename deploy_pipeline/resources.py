"""The gateways as Dagster resources, made from the environment when a step or a sensor needs them."""

import os

import dagster as dg

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.ops.values import json_values
from deploy_pipeline.settings import Settings, settings_from
from deploy_pipeline.workbench import bench_of


def current_settings() -> Settings:
    """The settings of this process, now."""
    return settings_from(os.environ)


NAMES = (
    "home_spec", "links", "workspace", "clock", "metrics", "metrics_clock", "github", "git", "function_source",
    "docker_engine", "ecr", "trivy",
    "terraform", "functions", "services", "load_balancers", "object_store", "api_gateway", "knowledge_bases", "mail",
    "web", "slack",
)  # fmt: skip


def resources() -> dict[str, dg.ResourceDefinition]:
    """Every resource that the ops and sensors ask for, by name. Nothing is opened before it is needed."""
    made = {name: resource(name) for name in NAMES}
    return made | {"bench": bench, "io_manager": json_values}


def resource(name: str) -> dg.ResourceDefinition:
    """The resource that `Gateways.<name>` makes in the process that needs it."""
    return dg.ResourceDefinition(
        resource_fn=lambda _: getattr(gateways_of(os.environ), name)(),
        description=getattr(Gateways, name).__doc__,
    )


@dg.resource(description="Boxes, programs and services that the checks of pull requests work with.")
def bench() -> Bench:
    """The bench of the checks. Isolation is the operator's choice: from the pipeline's own deploy.yaml."""
    gateways = gateways_of(os.environ)
    return bench_of(gateways, gateways.home_spec())
