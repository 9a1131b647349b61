"""From a method and a path to an endpoint. No HTTP beyond that."""

import re
from collections.abc import Mapping
from itertools import chain

from starlette.routing import compile_path

from deploy_pipeline.sandbox.github_double.call import Handler
from deploy_pipeline.sandbox.github_double.endpoints import (
    account,
    check_runs,
    commits,
    deployment_statuses,
    deployments,
    issues,
    pull_creation,
    pulls,
    repositories,
    reviews,
    statuses,
)

_MODULES = (
    account,
    repositories,
    commits,
    pulls,
    pull_creation,
    reviews,
    issues,
    statuses,
    deployments,
    deployment_statuses,
    check_runs,
)


def _compiled() -> list[tuple[str, re.Pattern[str], Handler]]:
    routes = chain.from_iterable(module.ROUTES for module in _MODULES)
    # A template that ends in a free path would swallow `/commits/<ref>/status`: those come last.
    ordered = sorted(routes, key=lambda route: route[1].endswith(":path}"))
    return [(method, compile_path(template)[0], handler) for method, template, handler in ordered]


_ROUTES = _compiled()


def find_endpoint(method: str, path: str) -> tuple[Handler, Mapping[str, str]] | None:
    """The endpoint and the parameters in its path, or None. As on GitHub, a wrong method is an unknown path."""
    for allowed, pattern, handler in _ROUTES:
        match = pattern.fullmatch(path) if allowed == method else None
        if match:
            return handler, match.groupdict()
    return None
