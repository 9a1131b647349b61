"""The composition root: what Dagster loads. Jobs, sensors, schedules, assets and resources, listed explicitly."""

import dagster as dg

from deploy_pipeline.composition import home_spec
from deploy_pipeline.core.asset_keys import asset_lineage, release_path, rollout_path, run_time_path
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.jobs.decide_approval import decide_approval_job
from deploy_pipeline.jobs.decide_rollout import decide_rollout_job
from deploy_pipeline.jobs.deploy import deploy_job
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.jobs.reconcile import reconcile_job
from deploy_pipeline.jobs.rollback import rollback_job
from deploy_pipeline.resources import current_settings, resources
from deploy_pipeline.schedules.nightly_e2e import nightly_e2e_schedule
from deploy_pipeline.sensors.approval_comments import approval_comment_sensor
from deploy_pipeline.sensors.approved import approval_sensor
from deploy_pipeline.sensors.merge import merge_sensor
from deploy_pipeline.sensors.orphaned import orphaned_deployment_sensor
from deploy_pipeline.sensors.outcome import notice_sensor
from deploy_pipeline.sensors.pull_request import pull_request_sensor
from deploy_pipeline.sensors.rollback_trigger import rollback_trigger_sensor
from deploy_pipeline.sensors.run_time import run_time_sensor
from deploy_pipeline.sensors.unanswered import unanswered_sensor

JOBS = [
    decide_approval_job, decide_rollout_job, deploy_job, nightly_e2e_job, pr_validation_job, reconcile_job,
    rollback_job,
]  # fmt: skip
KINDS = {"image": "docker", "terraform": "terraform", "function": "lambda", "service": "ecs", "release": "dagster"}


def asset_specs(spec: Spec) -> list[dg.AssetSpec]:
    """What is deployed, with its lineage; the ops that deploy it record the events."""
    return [
        dg.AssetSpec(
            dg.AssetKey(path),
            deps=[dg.AssetKey(source) for source in sources],
            group_name=path[1],
            kinds={KINDS[path[1]]},
            description=described(spec.environment, path),
        )
        for path, sources in asset_lineage(spec)
    ]


def described(environment: str, path: list[str]) -> str:
    """What an asset is."""
    if path == release_path(environment):
        return f"What serves {environment}: each release with its manifest and everything in it, recorded by `promote`."
    return f"The {path[1]} {path[2]} of {environment}, recorded by the step that deployed it."


def rollout_spec(spec: Spec) -> dg.AssetSpec:
    """Where a rollout is seen while it goes on."""
    return dg.AssetSpec(
        dg.AssetKey(rollout_path(spec.environment)),
        group_name="release",
        description="Each look at a rollout's metrics, under Events: traffic, requests, error rates, latency, verdict.",
    )


def time_specs(spec: Spec) -> list[dg.AssetSpec]:
    """Where the times of each job's runs are seen one after another."""
    return [
        dg.AssetSpec(
            dg.AssetKey(run_time_path(spec.environment, job.name)),
            group_name="run_time",
            description=f"Where the time of each run of {job.name} went, recorded when it has ended.",
        )
        for job in JOBS
    ]


def definitions(spec: Spec) -> dg.Definitions:
    """Everything that Dagster shows and runs, for one pipeline."""
    return dg.Definitions(
        assets=[*asset_specs(spec), rollout_spec(spec), *time_specs(spec)],
        jobs=JOBS,
        sensors=[
            approval_comment_sensor,
            approval_sensor,
            merge_sensor,
            notice_sensor,
            orphaned_deployment_sensor,
            pull_request_sensor,
            rollback_trigger_sensor,
            run_time_sensor,
            unanswered_sensor,
        ],
        schedules=[nightly_e2e_schedule(spec.nightly_e2e)],
        resources=resources(),
    )


defs = definitions(home_spec(current_settings()))
