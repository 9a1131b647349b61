"""Texts as GitHub takes them: cut to its limits, without what it refuses. Knows no endpoint."""

from deploy_pipeline.core.errors import DeployError


def sendable(text: str) -> str:
    """Without NUL, and with a question mark for half a surrogate pair: names of files may hold either."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def cut(text: str, characters: int) -> str:
    """At most so many characters, the last one an ellipsis when something was cut."""
    clean = sendable(text)
    return clean[: characters - 1] + "…" if len(clean) > characters else clean


def cut_bytes(text: str, size: int) -> str:
    """At most so many bytes of UTF-8, with an ellipsis when something was cut."""
    encoded = sendable(text).encode()
    if len(encoded) <= size:
        return encoded.decode()
    return encoded[: size - len("…".encode())].decode(errors="ignore") + "…"


def within(text: str, characters: int, what: str, where: str) -> str:
    """The text as it can be sent; `DeployError` when it is longer: Markdown is cut by who knows where it may be cut."""
    clean = sendable(text)
    if len(clean) > characters:
        todo = "shorten it before it is sent: this is a mistake in the pipeline"
        raise DeployError(f"the {what} has {len(clean)} characters, GitHub takes {characters}", where=where, todo=todo)
    return clean
