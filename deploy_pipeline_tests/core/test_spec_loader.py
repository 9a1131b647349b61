"""Mistakes in a deploy.yaml: the text that is wrong, and the whole message."""

import pickle
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.frozen_dict import FrozenDict
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_loader import MAX_BYTES, load_spec
from deploy_pipeline.core.spec_mistakes import SpecError, SpecMistake
from deploy_pipeline.core.spec_yaml import MAX_DEPTH, MAX_VALUES

OWN_FILE = Path(__file__).parents[2] / "deploy.yaml"
HEAD = """\
version: 1
environment: production
repository: {name: acme/ml}
aws: {region: us-east-1, artifact_bucket: artifacts, ledger_bucket: ledger}
"""
IMAGES = """\
images:
  api: {repository: ml/api, context: fargate/api}
"""
SERVICE = """\
services:
  api:
    cluster: ml
    service: api
    task_family: api
    container: api
    image: api
    port: 8080
"""


def _mistakes(text: str | bytes) -> list[str]:
    with pytest.raises(SpecError) as refused:
        load_spec(text)
    assert str(refused.value) == "\n".join(map(str, refused.value.mistakes))
    return [line.removeprefix("deploy.yaml:") for line in str(refused.value).splitlines()]


def test_load_spec_of_this_repository() -> None:
    spec = load_spec(OWN_FILE.read_bytes())
    assert sorted(spec.images) == ["inference", "training"]
    assert spec.smoke_tests[0].name == "pre-cleanup"
    assert load_spec(OWN_FILE.read_text()) == spec
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


def test_load_spec_is_frozen() -> None:
    spec = load_spec(HEAD)
    assert isinstance(spec.images, FrozenDict)
    with pytest.raises(TypeError, match="cannot be changed"):
        spec.images.update({"new": spec.images})


def test_load_spec_reads_aliases_and_a_byte_order_mark() -> None:
    text = HEAD + "images:\n  a: {repository: ml/a, context: a, build_args: &args {X: y}}\n"
    text += "  b: {repository: ml/b, context: b, build_args: *args}\n"
    spec = load_spec(b"\xef\xbb\xbf" + text.encode())
    assert spec.images["b"].build_args == {"X": "y"}


def test_load_spec_error_carries_its_mistakes() -> None:
    with pytest.raises(DeployError) as refused:
        load_spec(HEAD + IMAGES + SERVICE.replace("8080", "80a"), "other/deploy.yaml")
    assert isinstance(refused.value, SpecError)
    expected = "an integer between 1 and 65535"
    mistake = SpecMistake("other/deploy.yaml", 14, "services.api.port", '"80a"', expected)
    assert refused.value.mistakes == (mistake,)
    assert str(refused.value) == f'other/deploy.yaml:14: services.api.port: found "80a", expected {expected}'
    assert pickle.loads(pickle.dumps(refused.value)).mistakes == (mistake,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: found an empty file, expected a mapping"),
        ("# nothing\n---\n", "1: found an empty file, expected a mapping"),
        ("- a\n", "1: found a list, expected a mapping"),
        ("\nhello\n", '2: found "hello", expected a mapping'),
        (b"a: 1\nb: \xff\n", "2: found the byte 0xff, expected UTF-8"),
        ("a: 1\nb: \x07\n", "2: found the control character 0x7, expected text"),
        ("a: b: c\n", "1: found mapping values are not allowed here (column 5), expected YAML"),
        ('a: "\\UFFFFFFFF"\n', "1: found an escape in double quotes that is no character, expected YAML"),
        ("a: [1,\n", "2: found while parsing a flow node expected the node content, but found '<stream end>' "
                     "(column 1), expected YAML"),
        ("a: 1\n---\nb: 2\n", "2: found a second document, expected one document (remove the ---)"),
        ("a: *b\n", "1: a: found the alias *b, expected an anchor &b before it that does not contain it"),
        ("a: &b\n  c: *b\n", "2: a.c: found the alias *b, expected an anchor &b before it that does not contain it"),
        ("a: " + "[" * 100_000, f"1: found {MAX_DEPTH + 1} levels of nesting, expected at most {MAX_DEPTH}"),
        ("? " * 100, f"1: found {MAX_DEPTH + 1} levels of nesting, expected at most {MAX_DEPTH}"),
        ("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ), f"5: found more than {MAX_VALUES} values, aliases written out, expected fewer"),
        ("#" * (MAX_BYTES + 1), f"1: found more than {MAX_BYTES} bytes, expected a smaller file"),
    ],
)  # fmt: skip
def test_load_spec_unreadable(text: str | bytes, message: str) -> None:
    assert _mistakes(text) == [message]


@pytest.mark.parametrize(
    ("line", "messages"),
    [
        ("environment: staging", ['found the key "environment" again, expected each key once (line 2 has it)']),
        ("5: x", ["found the key 5, expected a key that is text (in quotes)"]),
        ("? [a]\n: x", ["found the key a list, expected a key that is text (in quotes)"]),
        ("<<: {}", ["found the merge key <<, expected the keys themselves (YAML 1.2 has no merge keys)"]),
        ("images: !!map {}", ["found the tag !!map, expected a value without a tag (text goes in quotes)"]),
        ("image: {}", [
            'found an unknown key, expected "images" (did you mean that?) or one of approvals, aws, environment, '
            "functions, images, nightly_e2e, notifications, repository, rollback, rollout, scan, services, "
            "smoke_tests, terraform, "
            "validation, version"]),
        ("images:", ["found nothing, expected a mapping (a key with nothing behind it is null)"]),
        ("images: [a]", ["found a list, expected a mapping"]),
        ("smoke_tests: {}", ["found an empty mapping, expected a list"]),
        ("nightly_e2e: {cron: 0 2 * *}", [
            'found "0 2 * *", expected five fields: minute, hour, day of the month, month, day of the week, '
            'such as "0 2 * * *"']),
        ("nightly_e2e: {timezone: Europe}", [
            'found "Europe", expected a time zone of the IANA database, such as "UTC" or "Europe/Berlin"']),
        ("nightly_e2e: {enabled: no}", [
            'found "no", expected true or false (YAML 1.2 reads "no" as text: write false)']),
        ("scan: {block_severities: []}", ["found an empty list, expected a list with at least one entry"]),
        ("scan: {block_severities: [HIGH, WORST]}", [
            'found "WORST", expected one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL']),
        ('scan: {ignore: [{id: CVE-2019-1, reason: x, until: "soon"}]}', [
            'found "soon", expected a date such as 2026-12-31']),
        ('scan: {ignore: [{id: CVE-2019-1, reason: ""}]}', ['found "", expected text that is not empty']),
        ("notifications: {slack: {channel: engineering}}", [
            'found "engineering", expected a Slack channel, such as "#engineering", or its id']),
        ("notifications: {email: {sender: a@b, recipients: [a@example.com]}}", [
            'found "a@b", expected an email address, such as "team@example.com"']),
        ("images: {Api: {repository: ml/api, context: api}}", [
            'found the key "Api", expected a name of small letters, digits and _ that starts with a letter, up to 63']),
        ("images: {api: {repository: ml/api:1, context: api}}", [
            'found "ml/api:1", expected an ECR repository without registry and tag, such as "engagement-ml/training"']),
        ("images: {api: {repository: ml/api, context: /api}}", [
            'found "/api", expected a path relative to the repository, with / between folders']),
        ("images: {api: {repository: ml/api, context: a/../../b}}", [
            'found "a/../../b", expected a path inside the repository ("..": not allowed)']),
        ("images: {api: {repository: ml/api, context: a, build_args: {V: 1.10}}}", [
            'found 1.10, expected text (in quotes: "1.10")']),
        ("functions: {f: {function_name: f, source: f, runtime: nodejs20.x}}", [
            'found "nodejs20.x", expected a Python runtime of Lambda, such as "python3.11"']),
        ("functions: {f: {function_name: f, source: f, alias: $LATEST}}", [
            'found "$LATEST", expected an alias: letters, digits, hyphens and _, and not only digits']),
        ("terraform: {m: {directory: t, backend: {bucket: abc, key: k, region: eu}}}", [
            'found "eu", expected an AWS region, such as "us-east-1"']),
        ("terraform: {m: {directory: t, backend: {bucket: abc, key: k, region: eu-west-1}, variables: {a: [1]}}}", [
            "found a list, expected text, an integer, or true or false"]),
        ("smoke_tests: [3]", [
            "found 3, expected a mapping whose kind is one of function, http, knowledge_base, service"]),
        ("smoke_tests: [{name: a}]", ["found nothing, expected one of function, http, knowledge_base, service"]),
        ("smoke_tests: [{kind: lambda}]", ['found "lambda", expected one of function, http, knowledge_base, service']),
        ("functions: {f: {function_name: f, source: f}}\n"
         "smoke_tests: [{name: a, kind: function, function: f, payload: {a: .inf, b: 1e999}}]", [
            'found ".inf", expected a finite number (text goes in quotes)',
            'found "1e999", expected a finite number (text goes in quotes)']),
        ("functions: {f: {function_name: f, source: f}}\n"
         f"smoke_tests: [{{name: a, kind: function, function: f, payload: {{a: {'9' * 50}}}}}]", [
            f'found "{"9" * 50}", expected a number of up to 40 characters (text goes in quotes)']),
        ('repository: {name: "\\ud800"}', [
            'found the key "repository" again, expected each key once (line 3 has it)',
            'found "\\ud800", expected whole characters (\\ud800 to \\udfff are halves)']),
    ],
)  # fmt: skip
def test_load_spec_mistakes_of_one_line(line: str, messages: list[str]) -> None:
    found = [message[message.index("found ") :] for message in _mistakes(HEAD + line + "\n")]
    assert found == messages


def test_mistake_stays_on_its_line_when_what_is_expected_quotes_an_odd_name() -> None:
    text = str(SpecMistake("deploy.yaml", 7, "a", "1", "one of the names under functions: e\x85x, y\nz"))
    assert text == r"deploy.yaml:7: a: found 1, expected one of the names under functions: e\x85x, y\nz"
