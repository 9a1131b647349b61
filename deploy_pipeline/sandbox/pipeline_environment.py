"""The environment that points the pipeline at a sandbox, and the versions of what the sandbox is made of."""

import json
import platform
import re
from collections.abc import Sequence

from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.emulated_aws import aws_environment, endpoint
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.machine import Machine
from deploy_pipeline.sandbox.servers import GITHUB_TOKEN, SLACK_TOKEN, advisory_url, github_url, slack_url
from deploy_pipeline.sandbox.state import SandboxState
from deploy_pipeline.sandbox.toolbox import toolbox_tools
from deploy_pipeline.sandbox.traffic.plan import CLOCK_FACTOR

ASK_SECONDS = 60
TASK_CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


def pipeline_environment(
    layout: Layout, state: SandboxState, machine: Machine, region: str, index_hosts: Sequence[str]
) -> dict[str, str]:
    """The variables that `deploy_pipeline.settings` reads, and those that AWS clients and Terraform read."""
    aws = aws_environment(state.ports["ministack"], region)
    env = {
        **aws,
        "GITHUB_API_URL": github_url(state.ports["doubles"]),
        "GITHUB_TOKEN": GITHUB_TOKEN,
        "SLACK_API_URL": slack_url(state.ports["doubles"]),
        "SLACK_BOT_TOKEN": SLACK_TOKEN,
        "DEPLOY_PIPELINE_CHECK_RUNS": "1",  # the double lets a token write them, GitHub itself Apps only
        "DEPLOY_PIPELINE_ADVISORY_URL": advisory_url(state.ports["doubles"]),
        "DEPLOY_PIPELINE_INDEX_HOSTS": ",".join(index_hosts),
        "DEPLOY_PIPELINE_WORK": str(layout.work),
        "DEPLOY_PIPELINE_CLOCK_FACTOR": str(CLOCK_FACTOR),
        "DEPLOY_PIPELINE_CLOCK_BEGIN": state.started.isoformat(),
        "DEPLOY_PIPELINE_TRIVY": str(machine.trivy),
        "DEPLOY_PIPELINE_TRIVY_CACHE": str(layout.trivy_cache),
        "DEPLOY_PIPELINE_TRIVY_OFFLINE": "1",
        "DEPLOY_PIPELINE_TERRAFORM": str(machine.terraform.path),
        "DEPLOY_PIPELINE_BUILD_NETWORK": "host",  # the way to the package index that this machine itself has
        "TF_VAR_knowledge_base_id": state.knowledge_base_id or "",
        # MiniStack's load balancers answer below a path of its own address, and it forgets settings of alarms.
        "TF_VAR_inference_url": f"{endpoint(state.ports['ministack'])}/_alb/engagement-ml",
        "TF_VAR_create_alarms": "false",
        # botocore takes credentials over plain HTTP from AWS's own addresses only, not from MiniStack's.
        "TF_VAR_task_environment": json.dumps({name: aws[name] for name in TASK_CREDENTIALS}),
    }
    if machine.mirror:
        env["DEPLOY_PIPELINE_TERRAFORM_MIRROR"] = str(machine.mirror)
    return env


def versions(machine: Machine, process: Process) -> dict[str, str]:
    """What the sandbox runs on, each with its version."""
    pinned = re.search(r"^ministack==(\S+)$", toolbox_tools().requirements, re.MULTILINE)
    trivy = process.run([str(machine.trivy), "--version"], timeout=ASK_SECONDS).stdout
    told = re.search(r"Version: (\S+)", trivy)
    return {
        "python": platform.python_version(),
        "docker": str(machine.engine.client.version()["Version"]),
        "terraform": machine.terraform.version,
        "ministack": pinned[1] if pinned else "unknown",
        "trivy": told[1] if told else "unknown",
    }
