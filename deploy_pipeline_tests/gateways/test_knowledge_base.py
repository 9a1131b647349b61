"""Bedrock knowledge bases, against an emulated AWS and against scripted answers."""

import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings
from deploy_pipeline.gateways.knowledge_base import BedrockKnowledgeBases


@pytest.mark.real
def test_missing_knowledge_base_teaches(aws: AwsSettings) -> None:
    with pytest.raises(DeployError, match="terraform apply creates the knowledge base"):
        BedrockKnowledgeBases(aws).retrieve("ABCDEFGHIJ", "what?")


def test_retrieve_gives_the_text_of_passages(stubbed_aws: AwsSettings) -> None:
    bases = BedrockKnowledgeBases(stubbed_aws)
    results = [{"content": {"text": "first"}}, {"content": {"type": "IMAGE"}}, {"content": {"text": "second"}}]
    with Stubber(bases._bedrock) as stub:
        expected = {"knowledgeBaseId": "ABCDEFGHIJ", "retrievalQuery": {"text": "what?"}}
        stub.add_response("retrieve", {"retrievalResults": results}, expected)
        assert bases.retrieve("ABCDEFGHIJ", "what?") == ("first", "second")


def test_retrieve_throttled(stubbed_aws: AwsSettings) -> None:
    bases = BedrockKnowledgeBases(stubbed_aws)
    with Stubber(bases._bedrock) as stub:
        stub.add_client_error("retrieve", "ThrottlingException", "slow down", 429)
        with pytest.raises(DeployError) as refused:
            bases.retrieve("ABCDEFGHIJ", "what?")
    assert refused.value.retryable
