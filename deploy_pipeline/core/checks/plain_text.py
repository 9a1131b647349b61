"""Text of untrusted tools made fit to show: no escape sequences, no line breaks, short. Not for Markdown or HTML."""

import posixpath
import unicodedata

LONGEST_MESSAGE = 500
HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are not seen or that move what is seen: control, format (direction marks), separators."""


def plain(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """One line without characters that a terminal or a page would obey; cut with an ellipsis."""
    # Cut before looking at every character: a message may be megabytes.
    shown = "".join(" " if unicodedata.category(each) in HIDDEN else each for each in text[: 4 * longest])
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def repository_path(path: str, checkout: str) -> str:
    """A path as tools print it (absolute, or relative to the checkout) relative to the repository.

    A path outside the checkout, or one that cannot be shown on one line, gives "": it never leads anywhere.
    """
    absolute = posixpath.normpath(posixpath.join(checkout, path))
    if not absolute.startswith(f"{checkout}/") or any(unicodedata.category(each) in HIDDEN for each in absolute):
        return ""
    return absolute.removeprefix(f"{checkout}/")


def unshowable(path: str, checkout: str) -> str:
    """What to call a file whose path `repository_path` does not give; "" for all others."""
    return "" if repository_path(path, checkout) else plain(path, 200)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with the words for one or for many; without the latter they are those for one with an "s"."""
    return f"{number} {one if number == 1 else many or one + 's'}"
