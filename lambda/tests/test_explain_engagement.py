"""explain_engagement: what counts as a question, and how passages are described."""

import base64
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber


@pytest.fixture
def function(load_function: Callable[..., ModuleType]) -> ModuleType:
    return load_function("explain_engagement")


@pytest.mark.parametrize(
    "event",
    [
        {"question": " why? "},
        {"body": '{"question": "why?"}'},
        {"body": base64.b64encode(b'{"question": "why?"}').decode(), "isBase64Encoded": True},
    ],
)
def test_read_question_takes_both_shapes(function: ModuleType, event: dict[str, Any]) -> None:
    assert function.read_question(event) == "why?"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, "send"),
        ({"question": "  "}, "send"),
        ({"question": 7}, "send"),
        ({"question": "x" * 1001}, "1001 characters"),
        ({"body": None}, "not JSON"),
        ({"body": "{"}, "not JSON"),
        ({"body": "[]"}, "send"),
        ({"body": "%%", "isBase64Encoded": True}, "not JSON"),
    ],
)
def test_explain_answers_400_without_a_question(function: ModuleType, event: dict[str, Any], message: str) -> None:
    answer = function.explain(None, event, "KB1")
    assert answer["statusCode"] == 400
    assert message in json.loads(answer["body"])["error"]


def test_handler_answers_503_without_a_knowledge_base(
    function: ModuleType, aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNOWLEDGE_BASE_ID", "")
    answer = function.handler({"question": "why?"}, None)
    assert answer["statusCode"] == 503
    assert "KNOWLEDGE_BASE_ID is empty" in json.loads(answer["body"])["error"]


EXPECTED = {
    "knowledgeBaseId": "KB12345678",
    "retrievalQuery": {"text": "why?"},
    "retrievalConfiguration": {"vectorSearchConfiguration": {"numberOfResults": 5}},
}


def test_explain_answers_the_passages(function: ModuleType, aws: None) -> None:
    client = boto3.client("bedrock-agent-runtime")
    results = [
        {
            "content": {"text": "They come back."},
            "location": {"type": "S3", "s3Location": {"uri": "s3://docs/a.md"}},
            "score": 0.8,
        },
        {"content": {"text": "No source."}},
    ]
    with Stubber(client) as stub:
        stub.add_response("retrieve", {"retrievalResults": results}, EXPECTED)
        answer = function.explain(client, {"question": "why?"}, "KB12345678")
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["passages"] == [
        {"text": "They come back.", "source": "s3://docs/a.md", "score": 0.8},
        {"text": "No source.", "source": None, "score": None},
    ]


def test_explain_raises_what_aws_refuses(function: ModuleType, aws: None) -> None:
    client = boto3.client("bedrock-agent-runtime")
    with Stubber(client) as stub, pytest.raises(ClientError, match="AccessDenied"):
        stub.add_client_error("retrieve", "AccessDeniedException", expected_params=EXPECTED)
        function.explain(client, {"question": "why?"}, "KB12345678")
