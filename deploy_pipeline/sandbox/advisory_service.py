"""A local stand-in for OSV (https://google.github.io/osv.dev/api/), as far as package auditors ask it.

Answers for packages by name and ecosystem. Commits and package URLs are refused: "nothing known" would be a lie.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from packaging.version import InvalidVersion, Version
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy_pipeline.sandbox.advisories import PYPI, Advisories, Advisory

ADVISORY_PATH = "/osv"
_LARGEST_BATCH = 1000
# The codes are those of gRPC, as OSV gives them.
_INVALID = {"code": 3, "message": "Invalid query."}
_UNKNOWN = {"code": 5, "message": "Bug not found."}
_BAD_REQUEST = 400
_NOT_FOUND = 404


class _Package(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    ecosystem: Annotated[str, Field(min_length=1)]


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")

    package: _Package
    version: str | None = None


class _Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    queries: Annotated[list[_Query], Field(max_length=_LARGEST_BATCH)]


@dataclass(frozen=True)
class AdvisoryService:
    """Answers the requests, each in one page."""

    advisories: Advisories

    async def query(self, request: Request) -> Response:
        """What is known of one package, with all details."""
        try:
            found = self._found(_Query.model_validate_json(await request.body()))
        except (ValidationError, InvalidVersion):
            return JSONResponse(_INVALID, status_code=_BAD_REQUEST)
        return JSONResponse(_listed([dict(record) for record in found]))

    async def query_batch(self, request: Request) -> Response:
        """What is known of several packages, in their order: ids and dates alone."""
        try:
            batch = _Batch.model_validate_json(await request.body())
            found = [self._found(query) for query in batch.queries]
        except (ValidationError, InvalidVersion):
            return JSONResponse(_INVALID, status_code=_BAD_REQUEST)
        return JSONResponse({"results": [_listed([_brief(record) for record in records]) for records in found]})

    async def show(self, request: Request) -> Response:
        """One advisory by its id."""
        record = self.advisories.find(request.path_params["identity"])
        return JSONResponse(dict(record)) if record else JSONResponse(_UNKNOWN, status_code=_NOT_FOUND)

    def _found(self, query: _Query) -> list[Advisory]:
        version = Version(query.version) if query.version else None
        return self.advisories.of_package(query.package.name, version) if query.package.ecosystem == PYPI else []


def advisory_routes(service: AdvisoryService) -> list[Route]:
    """The three endpoints that auditors use, below `ADVISORY_PATH`."""
    return [
        Route(f"{ADVISORY_PATH}/v1/query", service.query, methods=["POST"]),
        Route(f"{ADVISORY_PATH}/v1/querybatch", service.query_batch, methods=["POST"]),
        Route(f"{ADVISORY_PATH}/v1/vulns/{{identity}}", service.show),
    ]


def _brief(record: Advisory) -> dict[str, Any]:
    return {"id": record["id"], "modified": record["modified"]}


def _listed(records: list[dict[str, Any]]) -> dict[str, Any]:
    """OSV leaves the list out when it is empty."""
    return {"vulns": records} if records else {}
