"""The kinds of text and numbers in `deploy.yaml`, each with the words that say what was expected.

The words stand in the JSON Schema as `patternErrorMessage`, where editors and `spec_words` find them.
Not the models: those are in `spec`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError, ValidationError

from deploy_pipeline.core.cron import cron_problem
from deploy_pipeline.core.frozen_dict import freeze

EXPECTATION = "expectation"
"""The pydantic error type whose message is already the words that follow "expected"."""


def expected(words: str) -> PydanticCustomError:
    """The error of a value that is not what `words` say was expected."""
    return PydanticCustomError(EXPECTATION, "{expected}", {"expected": words})


def _text(pattern: str, words: str) -> Any:
    return Field(pattern=pattern, json_schema_extra={"patternErrorMessage": words})


def _inside_repository(path: str) -> str:
    if ".." in path.split("/"):
        raise expected('a path inside the repository ("..": not allowed)')
    return path


def _integer(value: Any) -> Any:
    # Python's True equals 1, and so does 1.0.
    if type(value) is not int:
        raise expected("1")
    return value


def _known_cron(expression: str) -> str:
    problem = cron_problem(expression)
    if problem:
        raise expected(problem)
    return expression


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # the last two: a name that is no usable file name
        raise expected('a time zone of the IANA database, such as "UTC" or "Europe/Berlin"') from error
    return name


def _one_mistake(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    # A union reports one error per member: three for one wrong value.
    try:
        return handler(value)
    except ValidationError as error:
        raise expected("text, an integer, or true or false") from error


class SpecModel(BaseModel):
    """Every part of the spec is immutable and knows all its keys; the docstrings of its fields describe them."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


Key = TypeVar("Key")
Value = TypeVar("Value")
Table = Annotated[Mapping[Key, Value], AfterValidator(freeze), Field(validate_default=True)]
"""A mapping that stays as it was read."""
EMPTY: Mapping[Any, Any] = {}

Version = Annotated[Literal[1], BeforeValidator(_integer)]
Severity = Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]
Text = Annotated[str, Field(min_length=1)]
TestName = Annotated[str, _text(r"^[a-z0-9]+(-[a-z0-9]+)*$", "small letters, digits and single hyphens")]
Port = Annotated[int, Field(ge=1, le=65535)]
Cron = Annotated[str, AfterValidator(_known_cron)]
Timezone = Annotated[str, AfterValidator(_known_timezone)]
TerraformValue = Annotated[str | int | bool, WrapValidator(_one_mistake)]

Name = Annotated[
    str, _text(r"^[a-z][a-z0-9_]{0,62}$", "a name of small letters, digits and _ that starts with a letter, up to 63")
]
RelativePath = Annotated[
    str,
    _text(
        r"^[^/\s\\\x00-\x1f\x7f]([^\\\x00-\x1f\x7f]*[^\s\\\x00-\x1f\x7f])?$",
        "a path relative to the repository, with / between folders",
    ),
    AfterValidator(_inside_repository),
]
Environment = Annotated[
    str, _text(r"^[a-z][a-z0-9_-]{0,30}$", "small letters, digits, hyphens and _, a letter first, up to 31")
]
HttpPath = Annotated[str, _text(r"^/\S*$", "a path that starts with / and has no spaces")]
Repository = Annotated[
    str, _text(r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", 'owner/name on GitHub, such as "acme/engagement-ml"')
]
Branch = Annotated[
    str, _text(r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*(/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*$", 'a branch, such as "main"')
]
Region = Annotated[str, _text(r"^[a-z]{2}(-[a-z]+)+-[0-9]$", 'an AWS region, such as "us-east-1"')]
Bucket = Annotated[
    str,
    _text(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "an S3 bucket name: 3 to 63 small letters, digits, dots and hyphens"),
]
EcrRepository = Annotated[
    str,
    _text(
        r"^[a-z0-9]+([._-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)*$",
        'an ECR repository without registry and tag, such as "engagement-ml/training"',
    ),
    Field(min_length=2, max_length=256),
]
AwsName = Annotated[str, _text(r"^[A-Za-z0-9_-]{1,255}$", "1 to 255 letters, digits, hyphens and _")]
BalancerName = Annotated[
    str, _text(r"^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$", "1 to 32 letters, digits and hyphens")
]
FunctionName = Annotated[str, _text(r"^[A-Za-z0-9_-]{1,64}$", "1 to 64 letters, digits, hyphens and _")]
Handler = Annotated[str, _text(r"^[A-Za-z0-9_./-]+\.[A-Za-z0-9_]+$", 'module.function, such as "handler.handler"')]
Runtime = Annotated[str, _text(r"^python3\.[0-9]{1,2}$", 'a Python runtime of Lambda, such as "python3.11"')]
Alias = Annotated[
    str,
    _text(r"^[A-Za-z0-9_-]*[A-Za-z_-][A-Za-z0-9_-]*$", "an alias: letters, digits, hyphens and _, and not only digits"),
    Field(max_length=128),
]
TerraformName = Annotated[
    str, _text(r"^[A-Za-z_][A-Za-z0-9_-]*$", "a Terraform name: letters, digits, hyphens and _, no digit first")
]
Channel = Annotated[
    str, _text(r"^(#[^\s#,]{1,80}|[CG][A-Z0-9]{8,})$", 'a Slack channel, such as "#engineering", or its id')
]
Email = Annotated[
    str,
    _text(
        r"^[^\s@<>,;]+@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])$",
        'an email address, such as "team@example.com"',
    ),
]
VulnerabilityId = Annotated[str, _text(r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", 'an id as Trivy prints it, such as "CVE-…"')]
ToolVersion = Annotated[str, _text(r"^[0-9]+(\.[0-9A-Za-z]+)*$", 'an exact version, such as "26.10.1"')]
Glob = Annotated[str, _text(r"^[^\s!#][^\x00-\x1f\x7f]*$", 'a pattern as in .gitignore, such as "*.py"')]
RoleArn = Annotated[str, _text(r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/\S+$", "the ARN of an IAM role")]
