"""What may stand in a `.dockerignore`: Docker's SDK makes regular expressions of it.

Some of those take longer than anyone waits.
"""

LARGEST_BYTES = 64 * 1024
MOST_STARS = 4
"""In one component of a path. Each multiplies the time by the length of a name."""
MOST_STARS_IN_ALL = 8


def refusal(content: bytes) -> str:
    """Why the patterns are not used; "" where they are."""
    if len(content) > LARGEST_BYTES:
        return f"is larger than {LARGEST_BYTES // 1024} KiB"
    for line in content.decode(errors="replace").splitlines():
        if any(part.count("*") > MOST_STARS for part in line.split("/")) or line.count("*") > MOST_STARS_IN_ALL:
            return f"has a pattern with more than {MOST_STARS} stars between slashes, or {MOST_STARS_IN_ALL} in all"
    return ""


def patterns(content: str) -> list[str]:
    """The patterns of a `.dockerignore`, as Docker's SDK takes them from it."""
    return [line for line in map(str.strip, content.splitlines()) if line and not line.startswith("#")]
