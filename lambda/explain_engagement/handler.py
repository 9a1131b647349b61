"""Answers a question about engagement with passages from a Bedrock knowledge base: it generates nothing."""

import base64
import binascii
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from mypy_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient
    from mypy_boto3_bedrock_agent_runtime.type_defs import KnowledgeBaseRetrievalResultTypeDef

MAX_QUESTION = 1000  # characters, the limit of a Retrieve query
PASSAGES = 5
# The field that holds the address in each kind of RetrievalResultLocation.
LOCATION_FIELDS = {
    "s3Location": "uri",
    "webLocation": "url",
    "confluenceLocation": "url",
    "salesforceLocation": "url",
    "sharePointLocation": "url",
    "kendraDocumentLocation": "uri",
    "customDocumentLocation": "id",
}


class BadQuestion(ValueError):
    """The request carries no usable question."""


def read_request(event: Mapping[str, Any]) -> Any:
    """The request itself, or the decoded JSON body when it came through API Gateway."""
    if "body" not in event:
        return event
    body = event.get("body") or ""
    try:
        return json.loads(base64.b64decode(body, validate=True) if event.get("isBase64Encoded") else body)
    except (binascii.Error, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadQuestion(f"the body is not JSON: {error}") from error


def read_question(event: Mapping[str, Any]) -> str:
    """The text of `question`, 1 to 1000 characters; raises BadQuestion."""
    request = read_request(event)
    question = request.get("question") if isinstance(request, dict) else None
    if not isinstance(question, str) or not question.strip():
        raise BadQuestion('send {"question": "..."} with the question as text')
    if len(question) > MAX_QUESTION:
        raise BadQuestion(f"the question has {len(question)} characters, at most {MAX_QUESTION} are allowed")
    return question.strip()


def find_source(location: Mapping[str, Any]) -> str | None:
    """The address of a passage's document, whatever kind of data source holds it."""
    for kind, field in LOCATION_FIELDS.items():
        if kind in location:
            return str(location[kind].get(field, "")) or None
    return None


def describe_passage(result: "KnowledgeBaseRetrievalResultTypeDef") -> dict[str, Any]:
    """A retrieval result as `text`, `source` and `score` (higher is closer; either may be null)."""
    source = find_source(result.get("location", {}))
    return {"text": result["content"].get("text", ""), "source": source, "score": result.get("score")}


def retrieve(client: "AgentsforBedrockRuntimeClient", knowledge_base_id: str, question: str) -> list[dict[str, Any]]:
    """Ask the knowledge base for the closest passages; none is a valid answer. AWS errors are raised as they are."""
    answer = client.retrieve(
        knowledgeBaseId=knowledge_base_id,
        retrievalQuery={"text": question},
        retrievalConfiguration={"vectorSearchConfiguration": {"numberOfResults": PASSAGES}},
    )
    return [describe_passage(result) for result in answer["retrievalResults"]]


def respond(status: int, body: Mapping[str, Any]) -> dict[str, Any]:
    """The shape that API Gateway's Lambda proxy wants."""
    return {"statusCode": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}


def explain(
    client: "AgentsforBedrockRuntimeClient", event: Mapping[str, Any], knowledge_base_id: str
) -> dict[str, Any]:
    """Answer 200 with `passages`, 400 without a question, 503 without a knowledge base."""
    try:
        question = read_question(event)
    except BadQuestion as error:
        return respond(400, {"error": str(error)})
    if not knowledge_base_id:
        return respond(503, {"error": "no knowledge base is configured: KNOWLEDGE_BASE_ID is empty"})
    return respond(200, {"question": question, "passages": retrieve(client, knowledge_base_id, question)})


def handler(event: dict[str, Any] | None, context: object) -> dict[str, Any]:
    """Explain engagement from the knowledge base KNOWLEDGE_BASE_ID; see `explain` for the answers."""
    return explain(boto3.client("bedrock-agent-runtime"), event or {}, os.environ.get("KNOWLEDGE_BASE_ID", ""))
