"""Knowledge bases whose passages were given beforehand."""

from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.knowledge_base import KnowledgeBases


class FakeKnowledgeBases(KnowledgeBases):
    """`passages` maps the id of a knowledge base to what every query finds; `queries` holds (id, query)."""

    def __init__(self, passages: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._passages = dict(passages or {})
        self.queries: list[tuple[str, str]] = []

    def retrieve(self, knowledge_base_id: str, query: str) -> tuple[str, ...]:
        self.queries.append((knowledge_base_id, query))
        if knowledge_base_id not in self._passages:
            raise DeployError("ResourceNotFoundException", where=f"knowledge base {knowledge_base_id}")
        return self._passages[knowledge_base_id]
