"""`nightly_e2e_schedule`: when the nightly checks run is the spec's to say."""

import dagster as dg

from deploy_pipeline.core.spec import NightlySpec
from deploy_pipeline.jobs.nightly_e2e import nightly_e2e_job


def nightly_e2e_schedule(nightly: NightlySpec) -> dg.ScheduleDefinition:
    """The schedule of `nightly_e2e_job`, running from the start unless the spec turns it off."""
    running, stopped = dg.DefaultScheduleStatus.RUNNING, dg.DefaultScheduleStatus.STOPPED
    return dg.ScheduleDefinition(
        name="nightly_e2e_schedule",
        job=nightly_e2e_job,
        cron_schedule=nightly.cron,
        execution_timezone=nightly.timezone,
        default_status=running if nightly.enabled else stopped,
        description=f"The end-to-end checks against what is live, at '{nightly.cron}' {nightly.timezone}.",
    )
