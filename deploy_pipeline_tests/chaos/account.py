"""What another stack would have made before the first deployment: all that a deployment moves, and does not make."""

import io
import zipfile

import boto3

FUNCTIONS = ("f0", "f1")
BUCKETS = ("chaos-artifacts", "chaos-ledger", "chaos-state")
HANDLER = "def handler(event, context):\n    return {{'statusCode': 200, 'body': '{note}'}}\n"
PORT = 8080
LISTENERS = {80: "blue", 8081: "green"}
SERVICES = {"blue": "chaos-web", "green": "chaos-web-green"}


def prepare_account() -> None:
    """Fill the empty account of the environment."""
    for bucket in BUCKETS:
        boto3.client("s3").create_bucket(Bucket=bucket)
    boto3.client("ecr").create_repository(repositoryName="chaos/web")
    make_functions()
    subnets = make_network()
    make_services(make_load_balancer(subnets), subnets)


def make_functions() -> None:
    """Functions with an alias on their first version."""
    functions, buffer = boto3.client("lambda"), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("handler.py", HANDLER.format(note="before"))
    for name in FUNCTIONS:
        functions.create_function(
            FunctionName=name, Runtime="python3.11", Role="arn:aws:iam::123456789012:role/chaos",
            Handler="handler.handler", Code={"ZipFile": buffer.getvalue()}, Publish=True,
        )  # fmt: skip
        functions.create_alias(FunctionName=name, Name="live", FunctionVersion="1")


def make_network() -> list[str]:
    """A network with two subnets."""
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    zones = ("us-east-1a", "us-east-1b")
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(zones)
    ]


def make_load_balancer(subnets: list[str]) -> dict[str, str]:
    """A load balancer whose listeners forward to one target group each; colour -> the ARN of its group."""
    elb, ec2 = boto3.client("elbv2"), boto3.client("ec2")
    vpc = ec2.describe_subnets(SubnetIds=subnets)["Subnets"][0]["VpcId"]
    made = elb.create_load_balancer(Name="chaos", Subnets=subnets, Scheme="internal", Type="application")
    groups = {
        colour: elb.create_target_group(
            Name=f"chaos-{colour}", Protocol="HTTP", Port=PORT, VpcId=vpc, TargetType="ip", HealthCheckPath="/health"
        )["TargetGroups"][0]["TargetGroupArn"]
        for colour in LISTENERS.values()
    }
    for port, colour in LISTENERS.items():
        elb.create_listener(
            LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"], Port=port, Protocol="HTTP",
            DefaultActions=[{"Type": "forward", "TargetGroupArn": groups[colour]}],
        )  # fmt: skip
    return groups


def make_services(groups: dict[str, str], subnets: list[str]) -> None:
    """One service for each colour, without tasks, of a task definition that the first deployment replaces."""
    ecs = boto3.client("ecs")
    ecs.create_cluster(clusterName="chaos")
    container = {"name": "web", "image": "none", "essential": True, "portMappings": [{"containerPort": PORT}]}
    ecs.register_task_definition(
        family="chaos-web", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[container],  # type: ignore[list-item]  # a plain dictionary
    )  # fmt: skip
    for colour, name in SERVICES.items():
        ecs.create_service(
            cluster="chaos", serviceName=name, taskDefinition="chaos-web", desiredCount=0, launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": subnets}},
            loadBalancers=[{"targetGroupArn": groups[colour], "containerName": "web", "containerPort": PORT}],
        )  # fmt: skip
