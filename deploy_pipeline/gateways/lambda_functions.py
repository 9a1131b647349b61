"""Lambda functions through boto3. The interface is `functions`."""

import base64
import json
from collections.abc import Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, cast

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, client, translated
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.functions import AliasState, Functions, Invocation, PublishedVersion
from deploy_pipeline.gateways.interruptions import awaited

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_lambda.type_defs import FunctionConfigurationResponseTypeDef, InvocationResponseTypeDef

LONGEST_INVOCATION = 900.0
UPDATE_DEADLINE = 300.0
FIRST_POLL_SECONDS, POLL_SECONDS = 0.1, 1.0
"""Most updates take a moment, some a minute: the looks come less often the longer it takes."""
OF_ONE_VERSION = frozenset({
    "Version", "FunctionArn", "RevisionId", "LastModified", "Description", "ResponseMetadata", "State", "StateReason",
    "StateReasonCode", "LastUpdateStatus", "LastUpdateStatusReason", "LastUpdateStatusReasonCode", "ConfigSha256",
})  # fmt: skip
FENCED_TODO = "someone else changed it meanwhile: find out who, then start the deployment again"
LESSONS = {
    "ResourceNotFoundException": "terraform apply creates it; is it in the stack, and is its name in deploy.yaml?",
    "PreconditionFailedException": FENCED_TODO,
    "ResourceConflictException": "another update of this function is running: wait for it, then start again",
    "CodeStorageExceededException": "delete function versions that nothing points at, or ask AWS for a higher limit",
    "EC2ThrottledException": "wait: AWS's VPC interfaces are throttled",
}


class LambdaFunctions(Functions):
    """The functions of the account and region in `settings`. Time limits are in seconds.

    Fenced calls and invocations are never repeated by botocore: after a lost answer, a repeated fenced call would be
    refused because of the first one, and a repeated invocation would run the function twice.
    """

    def __init__(
        self,
        settings: AwsSettings,
        clock: Clock,
        *,
        invocation_timeout: float = LONGEST_INVOCATION,
        update_deadline: float = UPDATE_DEADLINE,
    ) -> None:
        self._clock = clock
        self._update_deadline = update_deadline
        self._lambda: LambdaClient = client(settings, "lambda")
        self._settings = settings
        self._once: LambdaClient = client(settings, "lambda", max_attempts=1, read_timeout=invocation_timeout)

    @cached_property
    def _fenced(self) -> "LambdaClient":
        return cast("LambdaClient", client(self._settings, "lambda", max_attempts=1))

    def publish(
        self, function_name: str, *, bucket: str, key: str, code_sha256: str, description: str
    ) -> PublishedVersion:
        where = f"function {function_name}"
        live = self._settled(function_name)
        if live["CodeSha256"] != code_sha256:
            with translated(where, lessons=LESSONS):
                self._fenced.update_function_code(
                    FunctionName=function_name, S3Bucket=bucket, S3Key=key, Publish=False, RevisionId=live["RevisionId"]
                )
            live = self._settled(function_name)
        if live["CodeSha256"] != code_sha256:
            what = f"its code is {live['CodeSha256']}, and s3://{bucket}/{key} should be {code_sha256}"
            raise DeployError(what, where=where, todo="someone else updates this function, or the package was replaced")
        with translated(where, lessons=LESSONS):
            # AWS answers with the newest version, and makes none, when nothing changed since that was published.
            version = self._lambda.publish_version(
                FunctionName=function_name, CodeSha256=code_sha256, Description=description
            )
        return PublishedVersion(version["Version"], version["CodeSha256"])

    def is_current(self, function_name: str, version: str, code_sha256: str) -> bool:
        with translated(f"function {function_name}", lessons=LESSONS):
            try:
                latest = self._lambda.get_function_configuration(FunctionName=function_name)
                published = self._lambda.get_function_configuration(FunctionName=function_name, Qualifier=version)
            except self._lambda.exceptions.ResourceNotFoundException:
                return False
        settled = latest.get("LastUpdateStatus", "Successful") == "Successful"
        return settled and published["CodeSha256"] == code_sha256 and _settings(latest) == _settings(published)

    def alias(self, function_name: str, alias: str) -> AliasState:
        with translated(f"function {function_name}, alias {alias}", lessons=LESSONS):
            found = self._lambda.get_alias(FunctionName=function_name, Name=alias)
        return _alias(found["FunctionVersion"], found["RevisionId"], found.get("RoutingConfig"))

    def move_alias(self, function_name: str, alias: str, *, version: str, revision_id: str) -> AliasState:
        # Left out, AWS would keep the weights of an earlier canary.
        return self._routed(function_name, alias, version, {}, revision_id)

    def split_alias(
        self, function_name: str, alias: str, *, version: str, candidate: str, weight: float, revision_id: str
    ) -> AliasState:
        return self._routed(function_name, alias, version, {candidate: weight}, revision_id)

    def _routed(
        self, function_name: str, alias: str, version: str, weights: Mapping[str, float], revision_id: str
    ) -> AliasState:
        with translated(f"function {function_name}, alias {alias}", lessons=LESSONS):
            moved = self._fenced.update_alias(
                FunctionName=function_name, Name=alias, FunctionVersion=version, RevisionId=revision_id,
                RoutingConfig={"AdditionalVersionWeights": weights},
            )  # fmt: skip
        return _alias(moved["FunctionVersion"], moved["RevisionId"], moved.get("RoutingConfig"))

    def invoke(self, function_name: str, qualifier: str, payload: Mapping[str, Any]) -> Invocation:
        with translated(f"function {function_name}:{qualifier}", lessons=LESSONS, repeatable=False):
            call = partial(
                self._once.invoke,
                FunctionName=function_name,
                Qualifier=qualifier,
                InvocationType="RequestResponse",
                LogType="Tail",
                Payload=json.dumps(payload).encode(),
            )
            answer = awaited(call)
            body = answer["Payload"].read().decode("utf-8", errors="replace")
        return _invocation(answer, body)

    def _settled(self, function_name: str) -> "FunctionConfigurationResponseTypeDef":
        """The configuration of $LATEST once no update of it is in progress: its RevisionId changes until then."""
        where = f"function {function_name}"
        deadline, pause = self._clock.monotonic() + self._update_deadline, FIRST_POLL_SECONDS
        while True:
            with translated(where, lessons=LESSONS):
                found = self._lambda.get_function_configuration(FunctionName=function_name)
            status = found.get("LastUpdateStatus", "Successful")
            if status == "Failed":
                raise DeployError(f"its last update failed: {found.get('LastUpdateStatusReason')}", where=where)
            if status == "Successful" and found.get("State") != "Pending":
                return found
            if self._clock.monotonic() >= deadline:
                raise DeployError(f"its update is still {status} after {self._update_deadline:.0f} s", where=where)
            self._clock.sleep(pause)
            pause = min(2 * pause, POLL_SECONDS)


def _settings(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What a version keeps of its function: all but names, times and states."""
    return {name: value for name, value in configuration.items() if name not in OF_ONE_VERSION}


def _alias(version: str, revision_id: str, routing: Any) -> AliasState:
    return AliasState(version, revision_id, dict((routing or {}).get("AdditionalVersionWeights") or {}))


def _invocation(answer: "InvocationResponseTypeDef", body: str) -> Invocation:
    parsed = _json_object(body)
    status = parsed.get("statusCode")
    return Invocation(
        status_code=status if isinstance(status, int) else answer["StatusCode"],
        payload=body,
        error=_error(parsed, body) if answer.get("FunctionError") else None,
        executed_version=answer.get("ExecutedVersion", ""),
        log_tail=base64.b64decode(answer.get("LogResult", "")).decode("utf-8", errors="replace"),
    )


def _error(parsed: dict[str, Any], body: str) -> str:
    kind, message = parsed.get("errorType"), parsed.get("errorMessage")
    return ": ".join(str(part) for part in (kind, message) if part) or body


def _json_object(body: str) -> dict[str, Any]:
    try:
        parsed = json.loads(body)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
