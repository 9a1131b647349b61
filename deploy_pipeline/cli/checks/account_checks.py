"""Checks of accounts: AWS, GitHub and Slack accept what they are given. One harmless read each; no secret is shown."""

import httpx

from deploy_pipeline.cli.checks.check import Check, Inspected, missing, ok, skipped
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, client, translated
from deploy_pipeline.sandbox.sandbox import status

SECONDS = 5
DEFAULT_REGION = "us-east-1"
SANDBOX_ENV = 'eval "$(deploy-pipeline sandbox env)"'


def check_aws(inspected: Inspected) -> Check:
    """Who we are in AWS, or in the emulator that AWS_ENDPOINT_URL names."""
    settings = inspected.settings
    chosen = settings.aws_region or inspected.environment.get("AWS_DEFAULT_REGION")
    region, note = (chosen, "") if chosen else (DEFAULT_REGION, " (AWS_REGION is not set)")
    try:
        with translated("AWS"):
            sts = client(AwsSettings(region, settings.aws_endpoint_url), "sts", read_timeout=SECONDS, max_attempts=1)
            identity = sts.get_caller_identity()
    except DeployError as error:
        return _without_aws(inspected, error)
    return ok("AWS", f"{identity['Arn']} at {settings.aws_endpoint_url or f'AWS, {region}'}{note}")


def check_github(inspected: Inspected) -> Check:
    """The token is accepted."""
    settings = inspected.settings
    if settings.github_token is None:
        if settings.github_app_id:
            return skipped("GitHub", f"App {settings.github_app_id}: asked when it is first used")
        return skipped("GitHub", "no GITHUB_TOKEN and no GitHub App: the sensors have nothing to watch with")
    url = f"{settings.github_api_url.rstrip('/')}/rate_limit"
    try:
        answer = httpx.get(url, headers=_bearer(settings.github_token.get_secret_value()), timeout=SECONDS)
    except httpx.HTTPError as error:
        return missing("GitHub", f"{settings.github_api_url} cannot be reached: {error}", "check GITHUB_API_URL")
    if not answer.is_success:
        return missing("GitHub", f"HTTP {answer.status_code} at {url}", "give GITHUB_TOKEN a valid token")
    rate = answer.json()["resources"]["core"]
    return ok("GitHub", f"{settings.github_api_url}, {rate['remaining']} of {rate['limit']} calls left this hour")


def check_slack(inspected: Inspected) -> Check:
    """The bot token is accepted."""
    settings = inspected.settings
    if settings.slack_bot_token is None:
        return skipped(
            "Slack", "webhook only: asked when it is first used" if settings.slack_webhook_url else "no token"
        )
    url = f"{settings.slack_api_url.rstrip('/')}/auth.test"
    try:
        answer = httpx.post(url, headers=_bearer(settings.slack_bot_token.get_secret_value()), timeout=SECONDS)
        said = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        return missing("Slack", f"{settings.slack_api_url} does not answer: {error}", "check SLACK_API_URL")
    if said.get("ok"):
        return ok("Slack", f"{said.get('user')} in {said.get('team')}")
    return missing("Slack", f"refused: {said.get('error')}", "give SLACK_BOT_TOKEN a bot token with chat:write")


def _without_aws(inspected: Inspected, error: DeployError) -> Check:
    todo = error.todo or "check AWS_ENDPOINT_URL and the network"
    if inspected.settings.aws_endpoint_url is None:
        try:
            sandboxed = status(inspected.sandbox_home).works
        except DeployError:
            sandboxed = False  # the sandbox's own line says what is wrong with it
        if sandboxed:
            return skipped("AWS", f"{error.what}; for the sandbox: {SANDBOX_ENV}")
        todo += "; or, without an account: deploy-pipeline sandbox up"
    return missing("AWS", error.what, todo)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
