"""Whether a check has anything to look at in a pull request."""

import posixpath
from collections.abc import Iterable

from deploy_pipeline.core.checks.patterns import matcher
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.spec import CheckSpec

SHOWN_PATTERNS = 4


def relevant(check: CheckSpec, changes: Iterable[ChangedFile], also: Iterable[str] = ()) -> str | None:
    """None when the check has to run, else the reason to show why it does not. A removed file has changed, too.

    `also` are files and folders that concern the check, with all that lies below them, whatever its patterns are.
    """
    if not check.enabled:
        return "switched off in deploy.yaml"
    paths = [change.path for change in changes]
    if not paths:
        return "no file changed"
    if not check.paths or any(map(matcher(check.paths), paths)) or _any_below(paths, also):
        return None
    more = ", …" if len(check.paths) > SHOWN_PATTERNS else ""
    return f"no changed file matches {', '.join(check.paths[:SHOWN_PATTERNS])}{more}"


def _any_below(paths: Iterable[str], places: Iterable[str]) -> bool:
    wanted = {posixpath.normpath(place) for place in places}
    return any(not wanted.isdisjoint(and_above(path)) for path in paths) if wanted else False


def and_above(path: str) -> tuple[str, ...]:
    """The path and every folder that it lies in, up to the repository itself, which is "."; nearest first."""
    parts = path.split("/")
    return (*("/".join(parts[:length]) for length in range(len(parts), 0, -1)), ".")
