"""Secrets are checked before a library can quote them."""

import pytest

from deploy_pipeline.core.credentials import header_value
from deploy_pipeline.core.errors import DeployError


def test_header_value_without_the_space_around_it() -> None:
    assert header_value(" ghp_abc123\n", "GITHUB_TOKEN") == "ghp_abc123"


@pytest.mark.parametrize("secret", ["", "  ", "ghp_abc\n123", "ghp abc", "ghp_äbc", "ghp\x00"])
def test_header_value_refused_without_quoting_it(secret: str) -> None:
    with pytest.raises(DeployError) as refused:
        header_value(secret, "GITHUB_TOKEN")
    assert "GITHUB_TOKEN" in str(refused.value)
    assert "ghp" not in str(refused.value)
