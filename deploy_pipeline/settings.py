"""Where the outside systems are: read from the environment, once, when a resource is created."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from deploy_pipeline.core.errors import DeployError


class Settings(BaseModel):
    """One field per environment variable: its alias. Everything has a default except what a real account must give."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    spec_file: Path = Field(Path("deploy.yaml"), alias="DEPLOY_PIPELINE_SPEC")
    work: Path = Field(Path("~/.local/state/deploy-pipeline"), alias="DEPLOY_PIPELINE_WORK")
    ui_url: str = Field("http://127.0.0.1:3000", alias="DEPLOY_PIPELINE_UI_URL")

    aws_endpoint_url: str | None = Field(None, alias="AWS_ENDPOINT_URL")
    aws_region: str | None = Field(None, alias="AWS_REGION")

    lease_seconds: float = Field(30.0, ge=1, alias="DEPLOY_PIPELINE_LEASE_SECONDS")

    clock_factor: float = Field(1.0, gt=0, alias="DEPLOY_PIPELINE_CLOCK_FACTOR")
    clock_begin: datetime | None = Field(None, alias="DEPLOY_PIPELINE_CLOCK_BEGIN")

    github_api_url: str = Field("https://api.github.com", alias="GITHUB_API_URL")
    github_token: SecretStr | None = Field(None, alias="GITHUB_TOKEN")
    github_app_id: str | None = Field(None, alias="GITHUB_APP_ID")
    github_app_private_key: SecretStr | None = Field(None, alias="GITHUB_APP_PRIVATE_KEY")
    github_app_installation_id: int | None = Field(None, alias="GITHUB_APP_INSTALLATION_ID")

    slack_api_url: str = Field("https://slack.com/api/", alias="SLACK_API_URL")
    slack_bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    slack_webhook_url: SecretStr | None = Field(None, alias="SLACK_WEBHOOK_URL")

    docker_host: str = Field("unix:///var/run/docker.sock", alias="DOCKER_HOST")
    build_network: str | None = Field(None, alias="DEPLOY_PIPELINE_BUILD_NETWORK")

    trivy: str = Field("trivy", alias="DEPLOY_PIPELINE_TRIVY")
    trivy_cache: Path | None = Field(None, alias="DEPLOY_PIPELINE_TRIVY_CACHE")
    trivy_offline: bool = Field(False, alias="DEPLOY_PIPELINE_TRIVY_OFFLINE")

    terraform: str = Field("terraform", alias="DEPLOY_PIPELINE_TERRAFORM")
    terraform_mirror: Path | None = Field(None, alias="DEPLOY_PIPELINE_TERRAFORM_MIRROR")

    tfsec: str = Field("tfsec", alias="DEPLOY_PIPELINE_TFSEC")
    infracost: str = Field("infracost", alias="DEPLOY_PIPELINE_INFRACOST")
    infracost_api_key: SecretStr | None = Field(None, alias="INFRACOST_API_KEY")
    safety_api_key: SecretStr | None = Field(None, alias="SAFETY_API_KEY")
    codecov_token: SecretStr | None = Field(None, alias="CODECOV_TOKEN")
    codecov_url: str = Field("https://codecov.io", alias="CODECOV_URL")
    advisory_url: str | None = Field(None, alias="DEPLOY_PIPELINE_ADVISORY_URL")
    index_hosts: str = Field("pypi.org:443,files.pythonhosted.org:443", alias="DEPLOY_PIPELINE_INDEX_HOSTS")
    check_runs: bool = Field(False, alias="DEPLOY_PIPELINE_CHECK_RUNS")

    @property
    def work_folder(self) -> Path:
        """Mirrors, checkouts and Terraform work folders live here."""
        return self.work.expanduser()


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Read the settings; an empty variable counts as unset, a malformed one is a `DeployError` that names it."""
    given = {name: value for name, value in environment.items() if value}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        mistakes = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors(include_input=False))
        raise DeployError(mistakes, where="environment", todo="correct these environment variables") from None
