"""What may be called a branch or a tag. Pure text rules (those of `git check-ref-format`), no repository."""

import re

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_SHA = re.compile(r"[0-9a-f]{40}")
_SHORT_SHA = re.compile(r"[0-9a-f]{4,40}")


def is_ref_name(name: str) -> bool:
    """Whether `name` (without `refs/heads/`) could be a branch or tag.

    The rule keeps revision syntax (`main~1`, `main@{1}`, `:/text`) and options (`-x`) away from the git command line.
    """
    if not name or name == "@" or name[0] in "-/" or name[-1] in "/." or _FORBIDDEN.search(name):
        return False
    return not any(part.startswith(".") or part.endswith(".lock") for part in name.split("/"))


def is_sha(text: str) -> bool:
    """Whether `text` is a whole object id."""
    return bool(_SHA.fullmatch(text))


def is_short_sha(text: str) -> bool:
    """Whether `text` could be a whole or abbreviated object id."""
    return bool(_SHORT_SHA.fullmatch(text))
