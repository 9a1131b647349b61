"""Bedrock knowledge bases: retrieve passages. Whether they are good enough is decided elsewhere."""

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from deploy_pipeline.gateways.aws import AwsSettings, client, translated

if TYPE_CHECKING:
    from mypy_boto3_bedrock_agent_runtime import AgentsforBedrockRuntimeClient

LESSONS = {
    "ResourceNotFoundException": "terraform apply creates the knowledge base; is the output in deploy.yaml its id?"
}


class KnowledgeBases(ABC):
    """The knowledge bases of one account and region."""

    @abstractmethod
    def retrieve(self, knowledge_base_id: str, query: str) -> tuple[str, ...]:
        """The text of the passages that answer the query best, best first; may be empty."""


class BedrockKnowledgeBases(KnowledgeBases):
    """Bedrock in the account and region of `settings`."""

    def __init__(self, settings: AwsSettings) -> None:
        self._bedrock: AgentsforBedrockRuntimeClient = client(settings, "bedrock-agent-runtime")

    def retrieve(self, knowledge_base_id: str, query: str) -> tuple[str, ...]:
        with translated(f"knowledge base {knowledge_base_id}", lessons=LESSONS):
            answer = self._bedrock.retrieve(knowledgeBaseId=knowledge_base_id, retrievalQuery={"text": query})
        contents = (result["content"] for result in answer["retrievalResults"])
        return tuple(content["text"] for content in contents if "text" in content)
