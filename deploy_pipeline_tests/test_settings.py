"""Reading the environment."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.settings import settings_from


def test_settings_from_an_empty_environment_point_at_the_real_services() -> None:
    settings = settings_from({})
    assert settings.github_api_url == "https://api.github.com"
    assert settings.aws_endpoint_url is None
    assert settings.spec_file == Path("deploy.yaml")


def test_settings_from_takes_an_empty_variable_as_unset() -> None:
    assert settings_from({"AWS_ENDPOINT_URL": "", "TRIVY": ""}).aws_endpoint_url is None


def test_settings_from_names_every_malformed_variable_and_shows_no_value() -> None:
    with pytest.raises(DeployError) as caught:
        settings_from({"GITHUB_APP_INSTALLATION_ID": "s3cret", "DEPLOY_PIPELINE_TRIVY_OFFLINE": "perhaps"})
    assert "GITHUB_APP_INSTALLATION_ID" in str(caught.value)
    assert "DEPLOY_PIPELINE_TRIVY_OFFLINE" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_settings_show_no_secret() -> None:
    assert "s3cret" not in repr(settings_from({"GITHUB_TOKEN": "s3cret", "SLACK_BOT_TOKEN": "s3cret"}))
