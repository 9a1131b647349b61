"""The fake knowledge bases."""

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline_tests.fakes.fake_knowledge_base import FakeKnowledgeBases


def test_passages() -> None:
    fake = FakeKnowledgeBases({"kb": ("one", "two")})
    assert fake.retrieve("kb", "what?") == ("one", "two")
    with pytest.raises(DeployError, match="other"):
        fake.retrieve("other", "what?")
    assert fake.queries == [("kb", "what?"), ("other", "what?")]
