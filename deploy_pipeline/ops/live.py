"""What is live, read from its record and held against AWS: the start of the nightly checks."""

from collections.abc import Sequence

import dagster as dg

from deploy_pipeline.core.candidate import Deployed, DeployedService, SmokeResult
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.notice import success_notice
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import LoadBalancers
from deploy_pipeline.gateways.mail import Mail
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.slack import Slack
from deploy_pipeline.ops.boundary import stage
from deploy_pipeline.ops.retries import NEVER, READ
from deploy_pipeline.ops.tell import Tellers


@dg.op(retry_policy=READ)
@stage
def resolve_live(
    context: dg.OpExecutionContext,
    home_spec: dg.ResourceParam[Spec],
    object_store: dg.ResourceParam[ObjectStore],
    functions: dg.ResourceParam[Functions],
    services: dg.ResourceParam[Services],
) -> Deployed:
    """Read the record of what is live, and refuse when AWS runs something else."""
    live = Ledger.of(object_store, home_spec).live()
    if live is None:
        raise DeployError("nothing is live yet", where=home_spec.environment, todo="deploy a commit first")
    differences = [*function_differences(live, functions), *service_differences(live.services, services)]
    if differences:
        raise DeployError(
            "; ".join(differences), where=home_spec.environment, todo="find out who changed it, then deploy main again"
        )
    context.add_output_metadata({"commit": live.candidate.commit.sha, "title": live.candidate.commit.title})
    return live


def function_differences(live: Deployed, functions: Functions) -> list[str]:
    """Aliases that do not send everything to the recorded version."""
    found = []
    for function in live.functions:
        now, name = (
            functions.alias(function.function_name, function.alias),
            f"{function.function_name}:{function.alias}",
        )
        if now.version != function.version:
            found.append(f"{name} is at version {now.version}, not {function.version}")
        elif now.routing:
            found.append(f"{name} sends a part of its traffic to version {', '.join(now.routing)}")
    return found


def service_differences(recorded: Sequence[DeployedService], services: Services) -> list[str]:
    """Services that do not run the recorded task definition."""
    found = []
    for service in recorded:
        state = services.state(service.cluster, service.service)
        if state.task_definition != service.task_definition:
            found.append(f"{service.service} runs {state.task_definition}, not {service.task_definition}")
        elif not state.desired:  # a colour that was returned keeps its task definition, and has no tasks
            found.append(f"{service.service} has no tasks of {service.task_definition}")
    return found


def traffic_differences(recorded: Sequence[DeployedService], spec: Spec, balancers: LoadBalancers) -> list[str]:
    """Services of two colours whose users are not all sent to the recorded one."""
    found = []
    for service in recorded:
        described = spec.services[service.name]
        balancer = described.load_balancer
        if balancer is None or not balancer.green_service:
            continue
        blue = service.service == described.service
        wanted = balancer.blue_target_group if blue else balancer.green_target_group
        sent = {
            each.target_group for each in balancers.forwards(balancer.name, balancer.production_port) if each.weight
        }
        if sent != {wanted}:
            found.append(f"users of {service.name} are sent to {', '.join(sorted(sent)) or 'nobody'}, not to {wanted}")
    return found


@dg.op(retry_policy=NEVER)
def notify_nightly(
    context: dg.OpExecutionContext,
    live: Deployed,
    tests: list[SmokeResult],
    slack: dg.ResourceParam[Slack],
    mail: dg.ResourceParam[Mail],
    links: dg.ResourceParam[Links],
) -> dict[str, str]:
    """Tell people that the nightly checks passed; the failure sensor tells when they did not."""
    notice = success_notice(live, tests, links.run(context.run_id), subject="Nightly checks")
    told = Tellers(slack, mail).tell(notice, live.candidate.spec.notifications)
    context.add_output_metadata(told)
    return told
