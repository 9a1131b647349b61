"""API keys in a dictionary."""

from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.api_gateway import ApiGateway


class FakeApiGateway(ApiGateway):
    """`keys` maps the id of a key to its value; `reachable` maps an invoke URL to where it answers, else itself."""

    def __init__(self, keys: Mapping[str, str] | None = None, reachable: Mapping[str, str] | None = None) -> None:
        self._keys = dict(keys or {})
        self._reachable = dict(reachable or {})
        self.asked: list[str] = []

    def key_value(self, key_id: str) -> str:
        self.asked.append(key_id)
        if key_id not in self._keys:
            raise DeployError("NotFoundException", where=f"API key {key_id}", todo="terraform apply creates the key")
        return self._keys[key_id]

    def reachable_url(self, invoke_url: str) -> str:
        return self._reachable.get(invoke_url, invoke_url)
