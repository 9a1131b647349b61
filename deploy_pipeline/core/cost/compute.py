"""Prices of what computes: tasks, instances, node groups, functions with provisioned concurrency, model endpoints."""

from decimal import Decimal

from deploy_pipeline.core.checks.plain_text import counted
from deploy_pipeline.core.cost.attributes import Attributes, Unpriceable
from deploy_pipeline.core.cost.price_sheet import PriceSheet
from deploy_pipeline.core.cost.pricing import ONE, Priceable, Pricing, plain, refuse_if
from deploy_pipeline.core.cost.volumes import volume

ZERO = Decimal(0)
FREE_TASK_GB = Decimal(20)
MB = Decimal(1024)
DEFAULT_FUNCTION_MB = Decimal(128)
DEFAULT_NODE_DISK_GB = Decimal(20)
DEFAULT_NOTEBOOK_GB = Decimal(5)


def ecs_service(item: Priceable) -> Pricing:
    """Fargate tasks: the size from the task definition, the number as desired. On instances a service is free."""
    if not _on_fargate(item.values):
        return Pricing(basis="runs on instances")
    count = item.values.number("desired_count", ZERO)
    task = item.referred("task_definition", "aws_ecs_task_definition")
    cpu, memory = task.number("cpu") / MB, task.number("memory") / MB
    each = _task(task, cpu, memory, item.sheet)
    basis = f"{plain(count)} × {plain(cpu)} vCPU, {plain(memory)} GB"
    if item.values.block("network_configuration").flag("assign_public_ip"):
        each += item.sheet.monthly("public-ipv4", "address")
        basis += ", public address"
    return Pricing(count * each, basis)


def _on_fargate(service: Attributes) -> bool:
    providers = {strategy.text("capacity_provider") for strategy in service.blocks("capacity_provider_strategy")}
    refuse_if(bool(providers - {"FARGATE"}), f"prices of {', '.join(sorted(providers))[:80]} vary")
    return bool(providers) or service.text("launch_type", "EC2") == "FARGATE"


def _task(task: Attributes, cpu: Decimal, memory: Decimal, sheet: PriceSheet) -> Decimal:
    platform = task.block("runtime_platform")
    system = platform.text("operating_system_family", "LINUX")
    refuse_if(system != "LINUX", f"tasks on {system[:40]} are not in the price sheet")
    architecture = platform.text("cpu_architecture", "X86_64")
    storage = task.block("ephemeral_storage").number("size_in_gib", FREE_TASK_GB)
    return (
        cpu * sheet.monthly("fargate-vcpu", architecture)
        + memory * sheet.monthly("fargate-memory", architecture)
        + max(ZERO, storage - FREE_TASK_GB) * sheet.monthly("fargate-storage", "ephemeral")
    )


def instance(item: Priceable) -> Pricing:
    """An EC2 instance with Linux on demand, with those volumes and addresses that the plan knows."""
    values = item.values
    refuse_if(_on_spot(values), "spot prices vary")
    refuse_if(values.values.get("tenancy") in ("dedicated", "host"), "dedicated tenancy is not in the price sheet")
    kind = values.text("instance_type")
    disks = [*values.known_blocks("root_block_device"), *values.known_blocks("ebs_block_device")]
    cost = item.sheet.monthly("ec2", kind) + sum((volume(disk, "volume", item.sheet) for disk in disks), ZERO)
    basis = f"{kind} with Linux" + (f", {counted(len(disks), 'volume')}" if disks else "")
    if values.values.get("associate_public_ip_address") is True:
        cost += item.sheet.monthly("public-ipv4", "address")
        basis += ", public address"
    return Pricing(cost, basis, "" if disks else "size of its root volume")


def _on_spot(values: Attributes) -> bool:
    """Whether spot instances are asked for; where nothing is, the block is only known after apply."""
    return bool(values.known_blocks("instance_market_options"))


def autoscaling_group(item: Priceable) -> Pricing:
    """The desired number of instances of a launch template or configuration; without their volumes."""
    refuse_if(bool(item.values.known_blocks("mixed_instances_policy")), "mixed instances have varying prices")
    count = item.values.number("desired_capacity", item.values.number("min_size", ZERO))
    if item.values.given("launch_configuration"):
        template = item.referred("launch_configuration", "aws_launch_configuration")
        refuse_if(template.given("spot_price"), "spot prices vary")
    else:
        known = item.values.block("launch_template").values.get("id")
        template = item.stack.find(item.resource, "launch_template", "aws_launch_template", known)
        refuse_if(_on_spot(template), "spot prices vary")
    kind = template.text("instance_type")
    return Pricing(count * item.sheet.monthly("ec2", kind), f"{plain(count)} × {kind}", "volumes, scaling")


def eks_node_group(item: Priceable) -> Pricing:
    """The desired number of nodes, each with its disk."""
    values = item.values
    refuse_if(values.text("capacity_type", "ON_DEMAND") != "ON_DEMAND", "spot prices vary")
    refuse_if(bool(values.blocks("launch_template")), "nodes of a launch template are not looked up")
    count = values.block("scaling_config").number("desired_size")
    kinds = values.values.get("instance_types")
    if not (isinstance(kinds, list) and len(kinds) == 1 and isinstance(kinds[0], str)):
        raise Unpriceable("its instance_types are not exactly one")
    disk = values.number("disk_size", DEFAULT_NODE_DISK_GB) * item.sheet.monthly("ebs", "gp3")
    return Pricing(count * (item.sheet.monthly("ec2", kinds[0]) + disk), f"{plain(count)} × {kinds[0]}", "scaling")


def provisioned_concurrency(item: Priceable) -> Pricing:
    """Environments of a function that are kept ready, by the function's memory."""
    count = item.values.number("provisioned_concurrent_executions")
    function = item.referred("function_name", "aws_lambda_function")
    memory = function.number("memory_size", DEFAULT_FUNCTION_MB) / MB
    architecture = _architecture(function)
    cost = count * memory * item.sheet.monthly("lambda-provisioned", architecture)
    return Pricing(cost, f"{plain(count)} × {plain(memory)} GB", "requests and duration")


def _architecture(function: Attributes) -> str:
    given = function.values.get("architectures")
    return given[0] if isinstance(given, list) and given and isinstance(given[0], str) else "x86_64"


def sagemaker_endpoint(item: Priceable) -> Pricing:
    """The instances of the variants of an endpoint's configuration."""
    configuration = item.referred("endpoint_config_name", "aws_sagemaker_endpoint_configuration")
    variants = configuration.blocks("production_variants")
    refuse_if(not variants, "its configuration has no variants")
    cost, parts = ZERO, []
    for variant in variants:
        if variant.blocks("serverless_config"):
            parts.append("serverless")
            continue
        kind, count = variant.text("instance_type"), variant.number("initial_instance_count", ONE)
        cost += count * item.sheet.monthly("sagemaker", kind)
        parts.append(f"{plain(count)} × {kind}")
    return Pricing(cost, ", ".join(parts), "inference" if "serverless" in parts else "")


def sagemaker_notebook(item: Priceable) -> Pricing:
    """A notebook instance that is never stopped, and its volume."""
    kind = item.values.text("instance_type")
    disk = item.values.number("volume_size", DEFAULT_NOTEBOOK_GB) * item.sheet.monthly("sagemaker-storage", "notebook")
    return Pricing(item.sheet.monthly("sagemaker", kind) + disk, f"{kind}, never stopped")
