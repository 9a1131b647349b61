"""Which operation of AWS an HTTP request is."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

LAMBDA = (
    ("PUT", re.compile(r"/functions/([^/]+)/aliases/"), "UpdateAlias"),
    ("GET", re.compile(r"/functions/([^/]+)/aliases/"), "GetAlias"),
    ("POST", re.compile(r"/functions/([^/]+)/versions"), "PublishVersion"),
    ("PUT", re.compile(r"/functions/([^/]+)/code"), "UpdateFunctionCode"),
    ("POST", re.compile(r"/functions/([^/]+)/invocations"), "Invoke"),
)
FORM = "application/x-www-form-urlencoded"


def operation(method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
    """A name such as `UpdateAlias f000`, `ModifyListener` or `PUT ledger/production/head.json`."""
    path = urlsplit(target).path
    if named := headers.get("X-Amz-Target"):
        return named.rsplit(".", 1)[-1]
    for verb, pattern, name in LAMBDA:
        if method == verb and (found := pattern.search(path)):
            return f"{name} {found[1]}"
    if headers.get("Content-Type", "").startswith(FORM):
        return parse_qs(body.decode(errors="replace")).get("Action", ["?"])[0]
    return f"{method} {path.lstrip('/')}"
