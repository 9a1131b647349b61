"""The gateways as Dagster resources, made from the environment when a step or a sensor needs them."""

import os
from collections.abc import Iterator

import dagster as dg

from deploy_pipeline.checks.bench import Bench
from deploy_pipeline.composition import Gateways, gateways_of
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ops.holding import held
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
    "web", "slack", "lease_limit",
)  # fmt: skip


def resources() -> dict[str, dg.ResourceDefinition]:
    """Every resource that the ops and sensors ask for, by name. Nothing is opened before it is needed."""
    made = {name: resource(name) for name in NAMES}
    return made | {"bench": bench, "hold": hold, "io_manager": json_values}


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


@dg.resource(
    required_resource_keys={"object_store"},
    description="What a run holds of the environment while it changes it: the lease, and its record.",
)
def hold(context: dg.InitResourceContext) -> Iterator[Hold]:
    """One for the whole of a run; what the run leaves unfinished is settled when it ends."""
    run_id = context.run.run_id if context.run else "no run"
    log = context.log.info if context.log else print
    own = gateways_of(os.environ).hold(context.resources.object_store, run_id, log)
    yield from held(own, context.instance, run_id)
