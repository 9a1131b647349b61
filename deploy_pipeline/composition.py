"""Makes every gateway from the environment: which real system stands behind each interface. Nothing of Dagster here."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.links import Links
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.gateways.api_gateway import ApiGateway, AwsApiGateway
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.clock import Clock, FastClock, SystemClock
from deploy_pipeline.gateways.cloudwatch import CloudWatch
from deploy_pipeline.gateways.docker_engine import DockerEngine, DockerSettings, LocalDockerEngine
from deploy_pipeline.gateways.ecr import AwsEcr, Ecr
from deploy_pipeline.gateways.ecs_services import EcsServices
from deploy_pipeline.gateways.function_source import FunctionSource, PipFunctionSource
from deploy_pipeline.gateways.functions import Functions
from deploy_pipeline.gateways.git import Git, GitSettings, LocalGit
from deploy_pipeline.gateways.github import GitHub
from deploy_pipeline.gateways.github_api import GitHubApi
from deploy_pipeline.gateways.github_clients import GitHubSettings
from deploy_pipeline.gateways.knowledge_base import BedrockKnowledgeBases, KnowledgeBases
from deploy_pipeline.gateways.lambda_functions import LambdaFunctions
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.gateways.load_balancers import AwsLoadBalancers, LoadBalancers
from deploy_pipeline.gateways.local_terraform import LocalTerraform
from deploy_pipeline.gateways.mail import Mail, SesMail
from deploy_pipeline.gateways.metrics import Metrics
from deploy_pipeline.gateways.object_store import ObjectStore, S3ObjectStore
from deploy_pipeline.gateways.process import LocalProcess, Process
from deploy_pipeline.gateways.services import Services
from deploy_pipeline.gateways.slack import Slack, SlackSettings, slack
from deploy_pipeline.gateways.terraform import Terraform, TerraformSettings
from deploy_pipeline.gateways.trivy import LocalTrivy, Trivy, TrivySettings
from deploy_pipeline.gateways.web import HttpWeb, Web
from deploy_pipeline.gateways.workspace import Workspace
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.lease import LeaseLimit
from deploy_pipeline.ledger.settlement import Settlement
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline.settings import Settings, settings_from


def home_spec(settings: Settings) -> Spec:
    """The pipeline's own `deploy.yaml`: which repository it watches and whom it tells."""
    file = settings.spec_file
    try:
        return load_spec(file.read_bytes(), str(file))
    except FileNotFoundError:
        todo = "set DEPLOY_PIPELINE_SPEC to your deploy.yaml"
        raise DeployError("no such file", where=str(file), todo=todo) from None


class NoSlack(Slack):
    """Stands where no Slack credentials are: a deployment goes on, and says that nobody was told there."""

    def post(self, channel: str, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        raise DeployError("no credentials", where="Slack", todo="set SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL")


@dataclass(frozen=True)
class Gateways:
    """Makes each gateway from the settings. `environment` is what programs and credentials may be taken from."""

    settings: Settings
    environment: Mapping[str, str]

    def home_spec(self) -> Spec:
        """The pipeline's own deploy.yaml."""
        return home_spec(self.settings)

    def links(self) -> Links:
        """Addresses for people."""
        return Links(self.settings.ui_url)

    def workspace(self) -> Workspace:
        """The pipeline's folder on this machine."""
        return Workspace(self.settings.work_folder)

    def clock(self) -> Clock:
        """The machine's clock."""
        return SystemClock()

    def metrics_clock(self) -> Clock:
        """The clock by which the minutes of metrics pass: the machine's, in a sandbox a faster one."""
        factor, begin = self.settings.clock_factor, self.settings.clock_begin
        return FastClock(factor, begin) if begin else self.clock()

    def process(self) -> Process:
        """Programs on this machine."""
        return LocalProcess(environment=self.environment, clock=self.clock())

    def aws(self) -> AwsSettings:
        """The region of the environment, else of the spec."""
        region = self.settings.aws_region or self.home_spec().aws.region
        return AwsSettings(region, self.settings.aws_endpoint_url)

    def github(self) -> GitHub:
        """GitHub, by token or as an App."""
        given = self.settings
        token, key = given.github_token, given.github_app_private_key
        settings = GitHubSettings(
            api_url=given.github_api_url,
            token=token.get_secret_value() if token else None,
            app_id=given.github_app_id,
            private_key=key.get_secret_value() if key else None,
            installation_id=given.github_app_installation_id,
            check_runs=given.check_runs,
        )
        return GitHubApi(settings, self.clock())

    def git(self) -> Git:
        """The mirrors and checkouts below the work folder."""
        settings = GitSettings(self.settings.work_folder, self.environment)
        return LocalGit(settings, self.process(), self.clock())

    def function_source(self) -> FunctionSource:
        """Function folders, with pip for their requirements."""
        return PipFunctionSource(self.process(), sys.executable, self.environment)

    def docker_engine(self) -> DockerEngine:
        """The Docker engine that builds and pushes."""
        settings = DockerSettings(self.settings.docker_host, network_mode=self.settings.build_network)
        return LocalDockerEngine(settings, self.clock())

    def trivy(self) -> Trivy:
        """The image scanner, without credentials."""
        given = self.settings
        settings = TrivySettings(
            cache_dir=(given.trivy_cache or Path("~/.cache/trivy")).expanduser(),
            environment=self.environment,
            program=given.trivy,
            offline=given.trivy_offline,
            docker_host=given.docker_host,
        )
        return LocalTrivy(settings, self.process(), self.clock())

    def terraform(self) -> Terraform:
        """The terraform program."""
        given = self.settings
        settings = TerraformSettings(
            environment=self.environment,
            program=given.terraform,
            endpoint_url=given.aws_endpoint_url,
            plugin_mirror=given.terraform_mirror,
            plugin_cache=None if given.terraform_mirror else given.work_folder / "terraform-plugins",
            prepared=given.work_folder / "terraform-prepared",
        )
        return LocalTerraform(settings, self.process(), self.clock())

    def ecr(self) -> Ecr:
        """The image registry."""
        return AwsEcr(self.aws())

    def functions(self) -> Functions:
        """Lambda."""
        return LambdaFunctions(self.aws(), self.clock())

    def metrics(self) -> Metrics:
        """CloudWatch."""
        return CloudWatch(self.aws())

    def services(self) -> Services:
        """ECS."""
        return EcsServices(self.aws())

    def load_balancers(self) -> LoadBalancers:
        """ELBv2."""
        return AwsLoadBalancers(self.aws())

    def object_store(self) -> ObjectStore:
        """S3."""
        return S3ObjectStore(self.aws())

    def hold(self, object_store: ObjectStore, run_id: str, log: Callable[[str], None]) -> Hold:
        """What a run holds of the environment while it changes it. What settles is made when there is something to."""
        ledger, clock = Ledger.of(object_store, self.home_spec()), self.clock()
        return Hold(ledger, lambda: self.settlement(ledger, object_store, log), clock, run_id, log, self.lease_limit())

    def lease_limit(self) -> LeaseLimit:
        """How long a run that changes the environment may give no sign of life."""
        return LeaseLimit(self.settings.lease_seconds)

    def settlement(self, ledger: Ledger, object_store: ObjectStore, log: Callable[[str], None]) -> Settlement:
        """Brings deployments that stopped somewhere to their end."""
        clock = self.clock()
        return Settlement(
            ledger, self.functions(), self.services(), self.load_balancers(), self.ecr(), self.web(),
            StackLock(object_store, self.terraform(), clock, log), clock, log,
        )  # fmt: skip

    def api_gateway(self) -> ApiGateway:
        """API Gateway."""
        return AwsApiGateway(self.aws())

    def knowledge_bases(self) -> KnowledgeBases:
        """Bedrock."""
        return BedrockKnowledgeBases(self.aws())

    def mail(self) -> Mail:
        """SES."""
        return SesMail(self.aws())

    def web(self) -> Web:
        """HTTP to any address."""
        return HttpWeb(self.clock())

    def slack(self) -> Slack:
        """Slack, by bot token or incoming webhook."""
        token, webhook = self.settings.slack_bot_token, self.settings.slack_webhook_url
        if token is None and webhook is None:
            return NoSlack()
        settings = SlackSettings(
            token.get_secret_value() if token else None,
            webhook.get_secret_value() if webhook else None,
            self.settings.slack_api_url,
        )
        return slack(settings, self.clock())


def gateways_of(environment: Mapping[str, str]) -> Gateways:
    """The gateways that an environment describes."""
    return Gateways(settings_from(environment), environment)
