"""Slack: post a message. What it says is decided elsewhere."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from typing import Any

from deploy_pipeline.core.credentials import header_value
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import Clock

ATTEMPTS = 3
LONGEST_WAIT = 30.0
DEFAULT_WAIT = 1.0
BOT_TODO = "set SLACK_BOT_TOKEN to the bot token (xoxb-...) of an installed Slack app"
WEBHOOK_TODO = "make a new incoming webhook and set SLACK_WEBHOOK_URL"
LESSONS = {
    "invalid_auth": BOT_TODO,
    "not_authed": BOT_TODO,
    "account_inactive": BOT_TODO,
    "token_revoked": BOT_TODO,
    "token_expired": BOT_TODO,
    "missing_scope": "give the Slack app the scope chat:write, and install it again",
    "channel_not_found": "correct the channel in deploy.yaml; a private channel must have the app as a member",
    "not_in_channel": "invite the app to the channel: /invite @<app>",
    "is_archived": "choose a channel that is not archived",
    "channel_is_archived": "choose a channel that is not archived",
    "no_service": WEBHOOK_TODO,
    "no_active_hooks": WEBHOOK_TODO,
    "invalid_token": WEBHOOK_TODO,
}


class SlackRateLimited(DeployError):
    """Slack asks for a pause of `wait` seconds."""

    def __init__(self, where: str, wait: float) -> None:
        self.wait = wait
        super().__init__(f"rate limited for {wait:.0f} s", where=where, todo="wait, then try again", retryable=True)


class Slack(ABC):
    """Where chat messages go."""

    @abstractmethod
    def post(self, channel: str, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        """Post a message and return its timestamp (Slack's id of it).

        An incoming webhook is tied to a channel and gives no timestamp: it ignores `channel` and the answer is empty.
        """


@dataclass(frozen=True)
class SlackSettings:
    """Either a bot token or an incoming webhook's URL; both are secrets. `timeout` is in seconds."""

    token: str | None = field(default=None, repr=False)
    webhook_url: str | None = field(default=None, repr=False)
    api_url: str = "https://slack.com/api/"
    timeout: int = 10


def slack(settings: SlackSettings, clock: Clock) -> Slack:
    """The way to Slack that the settings allow: the bot token first. Neither is a `DeployError`."""
    if settings.token:
        return SlackBot(settings.token, settings.api_url, settings.timeout, clock)
    if settings.webhook_url:
        return SlackWebhook(settings.webhook_url, settings.timeout, clock)
    raise DeployError("no way to post", where="Slack", todo="set SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL")


class SlackBot(Slack):
    """Posts as an app with a bot token. Only a rate limit is waited for: a repeated post would appear twice."""

    def __init__(self, token: str, api_url: str, timeout: int, clock: Clock) -> None:
        from slack_sdk import WebClient  # noqa: PLC0415 - only needed where Slack is used

        self._clock = clock
        base_url = api_url.rstrip("/") + "/"
        self._client = WebClient(
            token=header_value(token, "SLACK_BOT_TOKEN"), base_url=base_url, timeout=timeout, retry_handlers=[]
        )

    def post(self, channel: str, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        from slack_sdk.errors import SlackApiError  # noqa: PLC0415

        def send() -> str:
            try:
                sent = self._client.chat_postMessage(channel=channel, text=text, blocks=list(blocks))
            except SlackApiError as error:
                answer = error.response
                raise _refusal(
                    answer.status_code, answer["error"], answer.headers, f"Slack channel {channel}"
                ) from error
            except (OSError, HTTPException) as error:
                raise _unreachable(error, f"Slack channel {channel}") from error
            return str(sent["ts"])

        return _when_allowed(send, self._clock)


class SlackWebhook(Slack):
    """Posts through an incoming webhook, into the one channel that the webhook is for."""

    def __init__(self, url: str, timeout: int, clock: Clock) -> None:
        from slack_sdk.webhook import WebhookClient  # noqa: PLC0415

        self._clock = clock
        self._client = WebhookClient(url=header_value(url, "SLACK_WEBHOOK_URL"), timeout=timeout, retry_handlers=[])

    def post(self, channel: str, text: str, blocks: Sequence[dict[str, Any]]) -> str:
        def send() -> str:
            try:
                answer = self._client.send(text=text, blocks=list(blocks))
            except (OSError, HTTPException) as error:
                raise _unreachable(error, "Slack webhook") from error
            if answer.status_code != HTTPStatus.OK:
                raise _refusal(answer.status_code, answer.body, answer.headers, "Slack webhook")
            return ""

        return _when_allowed(send, self._clock)


def _when_allowed(send: Callable[[], str], clock: Clock) -> str:
    """Send; when Slack asks for a short pause, make it and send again."""
    for _ in range(ATTEMPTS - 1):
        try:
            return send()
        except SlackRateLimited as limited:
            if limited.wait > LONGEST_WAIT:
                raise
            clock.sleep(limited.wait)
    return send()


def _refusal(status: int, code: str, headers: Mapping[str, Any], where: str) -> DeployError:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return SlackRateLimited(where, _retry_after(headers))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeployError(f"Slack answered HTTP {status}", where=where, todo="wait, then try again", retryable=True)
    return DeployError(f"Slack refused: {code}", where=where, todo=LESSONS.get(code, ""))


def _retry_after(headers: Mapping[str, Any]) -> float:
    """Seconds; slack_sdk gives a header as a text or as a list of texts, in the case that the server used."""
    found = next((value for name, value in headers.items() if name.lower() == "retry-after"), DEFAULT_WAIT)
    try:
        return float(found[0] if isinstance(found, list) else found)
    except ValueError:
        return DEFAULT_WAIT


def _unreachable(error: Exception, where: str) -> DeployError:
    # Not retryable: the message may have arrived, and it would appear twice.
    return DeployError(f"Slack did not answer: {error}", where=where, todo="is Slack reachable from this machine?")
