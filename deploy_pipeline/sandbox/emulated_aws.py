"""MiniStack as an AWS account: its credentials, clients for it, and what `terraform/bootstrap` cannot prepare."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import httpx

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import translated

ACCOUNT = "123456789012"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the emulator takes any
KNOWLEDGE_BUCKET = "sandbox-knowledge-base"
KNOWLEDGE_NAME = "sandbox"
MODEL = "arn:aws:bedrock:{region}::foundation-model/amazon.titan-embed-text-v2:0"
CONNECT_SECONDS = 2.0
READ_SECONDS = 30.0


def endpoint(port: int) -> str:
    """By address, not by name: with a name, S3 clients put the bucket into the host name, which does not resolve."""
    return f"http://127.0.0.1:{port}"


def aws_environment(port: int, region: str) -> dict[str, str]:
    """The variables that send every AWS client, and Terraform, to MiniStack."""
    return {
        "AWS_ENDPOINT_URL": endpoint(port),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


def emulator_client(service: str, port: int, region: str) -> Any:
    """A boto3 client for MiniStack, whatever credentials this process has in its environment."""
    import boto3  # noqa: PLC0415 - slow to import, and `sandbox down` does not need it
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 1},
        s3={"addressing_style": "path"},
    )
    session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name=region)
    return session.client(service, endpoint_url=endpoint(port), config=config)  # type: ignore[call-overload]


def answers(port: int, region: str = "us-east-1") -> bool:
    """Whether it is really MiniStack that answers there, with the account that it was told."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        identity: Mapping[str, str] = emulator_client("sts", port, region).get_caller_identity()
    except (BotoCoreError, ClientError):
        return False
    return identity["Account"] == ACCOUNT


def empty_account(port: int) -> None:
    """Let MiniStack forget everything that it was told."""
    answer = httpx.post(f"{endpoint(port)}/_ministack/reset", timeout=READ_SECONDS)
    if answer.is_error:
        raise DeployError(f"the reset answered {answer.status_code}", where="MiniStack", todo="run `sandbox up` again")


def verify_sender(address: str, port: int, region: str) -> None:
    """Let SES send mail from an address."""
    with translated(f"SES identity {address}"):
        ses = emulator_client("sesv2", port, region)
        known = {identity["IdentityName"] for identity in ses.list_email_identities()["EmailIdentities"]}
        if address not in known:
            ses.create_email_identity(EmailIdentity=address)


def create_knowledge_base(port: int, region: str) -> str:
    """Make a Bedrock knowledge base of the sandbox's two documents; its id. Its answers come from those documents."""
    with translated("Bedrock knowledge base"):
        _upload_documents(emulator_client("s3", port, region), region)
        agent = emulator_client("bedrock-agent", port, region)
        made = agent.create_knowledge_base(
            name=KNOWLEDGE_NAME,
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/sandbox-knowledge-base",
            knowledgeBaseConfiguration={
                "type": "VECTOR",
                "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": MODEL.format(region=region)},
            },
        )
        identifier = str(made["knowledgeBase"]["knowledgeBaseId"])
        _ingest(agent, identifier)
    return identifier


def _upload_documents(s3: Any, region: str) -> None:
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=KNOWLEDGE_BUCKET, **location)
    for document in (files("deploy_pipeline.sandbox") / "data" / "knowledge").iterdir():
        s3.put_object(Bucket=KNOWLEDGE_BUCKET, Key=document.name, Body=document.read_bytes())


def _ingest(agent: Any, identifier: str) -> None:
    source = agent.create_data_source(
        knowledgeBaseId=identifier,
        name="documents",
        dataSourceConfiguration={"type": "S3", "s3Configuration": {"bucketArn": f"arn:aws:s3:::{KNOWLEDGE_BUCKET}"}},
    )["dataSource"]["dataSourceId"]
    started = agent.start_ingestion_job(knowledgeBaseId=identifier, dataSourceId=source)["ingestionJob"]
    job = agent.get_ingestion_job(
        knowledgeBaseId=identifier, dataSourceId=source, ingestionJobId=started["ingestionJobId"]
    )["ingestionJob"]
    if job["status"] != "COMPLETE" or not job["statistics"]["numberOfNewDocumentsIndexed"]:
        raise DeployError(f"ingestion ended as {job['status']}: {job.get('failureReasons')}", where="knowledge base")
