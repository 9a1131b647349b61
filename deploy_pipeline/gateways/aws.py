"""How every AWS client of this package is made, and how AWS's errors become errors that teach."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from deploy_pipeline.core.errors import DeployError, Throttled

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.hooks import HierarchicalEmitter
    from botocore.loaders import Loader

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 60.0
MAX_ATTEMPTS = 5
SERVER_ERROR = 500
TOO_MANY = 429
WAIT_TODO = "wait a moment, then try again"
SERVICES = ("apigateway", "bedrock-agent-runtime", "cloudwatch", "ecr", "ecs", "elbv2", "lambda", "s3", "sesv2", "sts")
NO_LESSONS: Mapping[str, str] = {}

DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationErrorException", "403"}
BAD_CREDENTIALS = {
    "ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
}  # fmt: skip
THROTTLED = {
    "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "ThrottledException",
    "TooManyRequestsException",
}  # fmt: skip
CREDENTIALS_TODO = "give the pipeline valid AWS credentials (a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"


@dataclass(frozen=True)
class AwsSettings:
    """Where AWS is. `endpoint_url` is None for AWS itself, or an emulator's address. Credentials: boto3's own chain."""

    region: str
    endpoint_url: str | None = None


def client(
    settings: AwsSettings, service: str, *, read_timeout: float = READ_TIMEOUT, max_attempts: int = MAX_ATTEMPTS
) -> Any:
    """A boto3 client for one service; `max_attempts` counts the first. Give 1 where a repeated call would do harm.

    Each client has a session of its own, because boto3's default session is not safe under threads.
    """
    import boto3  # noqa: PLC0415 - slow to import, and only needed where AWS is called
    from botocore.config import Config  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": max_attempts},
        tcp_keepalive=True,
        s3={"addressing_style": "path"} if settings.endpoint_url else None,
    )
    core = Session(event_hooks=copy(_handlers()), include_builtin_handlers=False)
    core.register_component("data_loader", _descriptions())
    session = boto3.session.Session(region_name=settings.region, botocore_session=core)
    return session.client(service, endpoint_url=settings.endpoint_url, config=config)  # type: ignore[call-overload]


@cache
def _descriptions() -> "Loader":
    """What botocore knows of the services, read once in a process: all else of a client takes a tenth of that."""
    from botocore.loaders import create_loader  # noqa: PLC0415

    return create_loader()


@cache
def _handlers() -> "HierarchicalEmitter":
    """botocore's own handlers of its events, looked at once in a process: that is half of what a client takes."""
    from botocore.hooks import HierarchicalEmitter  # noqa: PLC0415
    from botocore.session import Session  # noqa: PLC0415

    emitter = HierarchicalEmitter()
    Session(event_hooks=emitter)
    return emitter


def read_descriptions() -> None:
    """Read what clients of the services that are used will ask for. Connects to nothing, needs no credentials."""
    _handlers()
    loader = _descriptions()
    for name in ("endpoints", "partitions", "sdk-default-configuration"):
        loader.load_data(name)
    for service in SERVICES:
        for kind in ("service-2", "endpoint-rule-set-1"):
            loader.load_service_model(service, kind)


@contextmanager
def translated(where: str, *, lessons: Mapping[str, str] = NO_LESSONS, repeatable: bool = True) -> Iterator[None]:
    """Turn what botocore raises into `DeployError`.

    `lessons` maps an error code of AWS to what an operator should do about it here. With `repeatable` false, a call
    whose answer was lost is not retryable: nobody knows whether it took effect.
    """
    from botocore import exceptions as vendor  # noqa: PLC0415

    try:
        yield
    except vendor.ClientError as error:
        raise _refused(error, where, lessons, repeatable) from error
    except (vendor.NoCredentialsError, vendor.PartialCredentialsError, vendor.CredentialRetrievalError) as error:
        raise DeployError("no usable AWS credentials", where=where, todo=CREDENTIALS_TODO) from error
    except (vendor.EndpointConnectionError, vendor.ConnectTimeoutError, vendor.ProxyConnectionError) as error:
        raise DeployError(f"AWS cannot be reached: {error}", where=where, retryable=True) from error
    except vendor.HTTPClientError as error:
        raise DeployError(f"AWS's answer was lost: {error}", where=where, retryable=repeatable) from error
    except vendor.BotoCoreError as error:
        raise DeployError(str(error), where=where, todo="correct the call's settings") from error


def error_code(error: "ClientError") -> str:
    """AWS's code for what went wrong, such as `NoSuchKey`; the HTTP status where there is no body (HEAD requests)."""
    return error.response.get("Error", {}).get("Code", "")


def registry_at(endpoint_url: str) -> str:
    """`host:port` of an emulator, as Docker must name it; a loopback address is `localhost`, trusted without TLS."""
    parts = urlsplit(endpoint_url)
    host = "localhost" if parts.hostname in ("127.0.0.1", "::1", "0.0.0.0") else parts.hostname  # noqa: S104 - compared
    return f"{host}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _refused(error: "ClientError", where: str, lessons: Mapping[str, str], repeatable: bool) -> DeployError:
    code = error_code(error)
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    what = f"{code}: {message}" if message else code
    if code in BAD_CREDENTIALS:
        # AWS's message quotes the signed request here: leave it out.
        return DeployError(f"AWS refused the credentials ({code})", where=where, todo=CREDENTIALS_TODO)
    if code in lessons:
        return DeployError(what, where=where, todo=lessons[code])
    if code in DENIED:
        return DeployError(what, where=where, todo=_permission(error, message))
    if code in THROTTLED or status == TOO_MANY:
        return Throttled(what, where=where, todo=WAIT_TODO)
    passing = status >= SERVER_ERROR and repeatable
    return DeployError(what, where=where, todo=WAIT_TODO if passing else "", retryable=passing)


def _permission(error: "ClientError", message: str) -> str:
    said = re.search(r"perform: (\S+)", message)
    action = said.group(1) if said else f"behind {error.operation_name}"
    return f"allow the pipeline's role the action {action} on this resource"
