"""A whole sandbox, really brought up for a small repository: what it offers, how it is mended, what it leaves."""

import io
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import docker
import httpx
import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.sandbox import sandbox
from deploy_pipeline.sandbox.containers import own_containers
from deploy_pipeline.sandbox.emulated_aws import emulator_client
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.ports import is_listening
from deploy_pipeline.sandbox.processes import marked
from deploy_pipeline.sandbox.state import SandboxState

pytestmark = pytest.mark.real

BASE_IMAGE = "python:3.11-slim-bookworm"
SPEC = f"""\
version: 1
environment: test
repository: {{name: acme/app}}
aws: {{region: us-east-1, artifact_bucket: app-artifacts, ledger_bucket: app-ledger}}
images:
  one: {{repository: app/one, context: one, build_args: {{BASE_IMAGE: "{BASE_IMAGE}"}}}}
notifications:
  email: {{sender: from@example.com, recipients: [to@example.com]}}
"""
STACK = """\
provider "aws" {
  region = "us-east-1"
}

resource "aws_s3_bucket" "artifacts" {
  bucket = "app-artifacts"
}
"""
FUNCTION = "import os\n\ndef handler(event, context):\n    return dict(os.environ)\n"
# Reads the health page of MiniStack through the bridge, then waits to be removed.
TASK = (
    "import os, time, urllib.request; "
    "print(urllib.request.urlopen(os.environ['AWS_ENDPOINT_URL'] + '/_ministack/health').status, flush=True); "
    "time.sleep(600)"
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a spec and a bootstrap stack."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "deploy.yaml").write_text(SPEC)
    (folder / "terraform" / "bootstrap").mkdir(parents=True)
    (folder / "terraform" / "bootstrap" / "main.tf").write_text(STACK)
    return folder


@pytest.fixture(scope="module")
def state(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxState]:
    """A sandbox that is up."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_TOKEN", "host-secret")
        yield sandbox.up(home, source, print)
    sandbox.down(home, print)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder for a sandbox; none is left in it."""
    yield tmp_path
    sandbox.down(tmp_path, print)


def aws(state: SandboxState, service: str) -> Any:
    return emulator_client(service, state.ports["ministack"], "us-east-1")


def until(answer: Callable[[], Any]) -> Any:
    """Ask a real engine until there is an answer."""
    clock = SystemClock()
    for _ in range(600):
        if found := answer():
            return found
        clock.sleep(0.1)
    return None


def test_status_works_and_the_record_is_its_owners_alone(state: SandboxState) -> None:
    found = sandbox.status(state.home)

    assert found.works
    assert sorted(part.name for part in found.components) == ["bridge", "doubles", "ministack"]
    assert Layout(state.home).state_file.stat().st_mode & 0o777 == 0o600


def test_up_again_only_reports(state: SandboxState, source: Path) -> None:
    said = list[str]()

    assert sandbox.up(state.home, source, said.append) == state
    assert said == [f"The sandbox in {state.home} is up already"]


def test_bootstrap_is_applied_and_the_sender_verified(state: SandboxState) -> None:
    buckets = {bucket["Name"] for bucket in aws(state, "s3").list_buckets()["Buckets"]}
    senders = aws(state, "sesv2").list_email_identities()["EmailIdentities"]

    assert "app-artifacts" in buckets
    assert [sender["IdentityName"] for sender in senders] == ["from@example.com"]


def test_knowledge_base_answers_from_its_documents(state: SandboxState) -> None:
    answer = aws(state, "bedrock-agent-runtime").retrieve(
        knowledgeBaseId=state.env["TF_VAR_knowledge_base_id"],
        retrievalQuery={"text": "What makes a customer engaged?"},
    )

    assert "What makes a customer engaged?" in answer["retrievalResults"][0]["content"]["text"]


def test_github_holds_the_source_and_slack_knows_the_token(state: SandboxState) -> None:
    github = httpx.get(
        f"{state.env['GITHUB_API_URL']}/repos/acme/app/commits/main",
        headers={"Authorization": f"Bearer {state.env['GITHUB_TOKEN']}"},
    )
    slack = httpx.post(
        f"{state.env['SLACK_API_URL']}auth.test", headers={"Authorization": f"Bearer {state.env['SLACK_BOT_TOKEN']}"}
    )

    assert github.json()["sha"] == state.commit
    assert slack.json()["ok"]


def test_advisories_are_known_and_tokens_may_write_check_runs(state: SandboxState) -> None:
    query = {"package": {"name": "jinja2", "ecosystem": "PyPI"}, "version": "2.10"}

    answer = httpx.post(state.env["DEPLOY_PIPELINE_ADVISORY_URL"], json=query).json()

    assert [record["id"] for record in answer["vulns"]] == ["PYSEC-2019-217"]
    assert state.env["DEPLOY_PIPELINE_CHECK_RUNS"] == "1"
    assert ":" in state.env["DEPLOY_PIPELINE_INDEX_HOSTS"]


def test_a_role_can_be_assumed_within_the_same_account(state: SandboxState) -> None:
    role = "arn:aws:iam::123456789012:role/plan"

    given = aws(state, "sts").assume_role(RoleArn=role, RoleSessionName="pull-request-1")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    buckets = session.client("s3", endpoint_url=state.env["AWS_ENDPOINT_URL"]).list_buckets()["Buckets"]

    assert "app-artifacts" in {bucket["Name"] for bucket in buckets}


def test_environment_names_files_that_exist(state: SandboxState) -> None:
    for name in ("WORK", "TRIVY", "TRIVY_CACHE", "TERRAFORM"):
        assert Path(state.env[f"DEPLOY_PIPELINE_{name}"]).exists()
    assert (Path(state.env["DEPLOY_PIPELINE_TRIVY_CACHE"]) / "db" / "trivy.db").exists()


def test_functions_see_no_credential_of_the_host(state: SandboxState) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", FUNCTION)
    functions = aws(state, "lambda")
    functions.create_function(
        FunctionName="show",
        Runtime="python3.11",
        Handler="handler.handler",
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": packed.getvalue()},
    )

    seen = functions.invoke(FunctionName="show")["Payload"].read().decode()

    assert "AWS_LAMBDA_FUNCTION_NAME" in seen
    assert "host-secret" not in seen
    assert "GITHUB_TOKEN" not in seen


def run_task(state: SandboxState) -> Any:
    """Start a container through ECS; gives it once it runs."""
    ecs, client = aws(state, "ecs"), docker.from_env()
    ecs.create_cluster(clusterName="c")
    container = {"name": "one", "image": BASE_IMAGE, "essential": True, "command": ["python3", "-c", TASK]}
    ecs.register_task_definition(family="f", cpu="256", memory="512", containerDefinitions=[container])
    ecs.run_task(cluster="c", taskDefinition="f", launchType="FARGATE", networkConfiguration={
        "awsvpcConfiguration": {"subnets": ["subnet-1"]}
    })  # fmt: skip
    return until(lambda: own_containers(client, Layout(state.home)))[0]


def test_up_refuses_a_plain_folder_that_holds_the_sandbox(source: Path) -> None:
    with pytest.raises(DeployError, match="is not a git checkout"):
        sandbox.up(source / "inside", source, print)

    assert marked(Layout(source / "inside").marker) == []


def test_a_sandbox_is_mended_and_leaves_nothing_behind(source: Path, home: Path) -> None:
    state, layout = sandbox.up(home, source, print), Layout(home)
    container = run_task(state)
    assert until(container.logs) == b"200\n"
    os.kill(state.processes["ministack"].pid, signal.SIGKILL)

    broken = sandbox.status(home)
    mended = sandbox.up(home, source, print)

    assert {part.name: part.works for part in broken.components} == {
        "doubles": True,
        "ministack": False,
        "bridge": False,
    }
    assert sandbox.status(home).works
    assert (mended.ports, mended.commit) == (state.ports, state.commit)
    assert mended.processes["doubles"] == state.processes["doubles"]
    assert own_containers(docker.from_env(), layout) == []  # the dead MiniStack's
    assert until(run_task(mended).logs) == b"200\n"

    sandbox.down(home, print)

    assert marked(layout.marker) == []
    assert own_containers(docker.from_env(), layout) == []
    assert not any(is_listening("127.0.0.1", port) for port in mended.ports.values())
    assert not is_listening(str(mended.bridge_address), mended.ports["ministack"])
    assert sandbox.status(home).state is None
