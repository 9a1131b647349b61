"""Runs `pr_validation_job` with all its steps in this one process: `python -m` with a file of run config (JSON).

Apart from the tests' process, whose guard lets nothing out to the package index.
"""

import json
import sys
from pathlib import Path

import dagster as dg

from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.resources import resources

if __name__ == "__main__":
    with dg.DagsterInstance.get() as instance:
        pr_validation_job.execute_in_process(
            run_config=json.loads(Path(sys.argv[1]).read_text()),
            resources=resources(),
            instance=instance,
            raise_on_error=False,
        )
