"""Credentials taken out of what a program printed. One that the program has written in another way is not known."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from deploy_pipeline.core.isolation import Outcome

SHOWN_INSTEAD = "(credential)"
SHORTEST = 16
"""AWS has no shorter credentials; an emulator takes any word, which may be a part of others."""


def redacted(text: str, credentials: Iterable[str]) -> str:
    """`text` with every credential replaced."""
    for credential in sorted(credentials, key=len, reverse=True):
        if len(credential) >= SHORTEST:
            text = text.replace(credential, SHOWN_INSTEAD)
    return text


def redacted_outcome(outcome: Outcome, credentials: Iterable[str]) -> Outcome:
    """The outcome with both outputs redacted."""
    hidden = tuple(credentials)
    return replace(outcome, stdout=redacted(outcome.stdout, hidden), stderr=redacted(outcome.stderr, hidden))


def redacting(on_line: Callable[[str], None], credentials: Iterable[str]) -> Callable[[str], None]:
    """A listener that hands over redacted lines."""
    hidden = tuple(credentials)
    return lambda line: on_line(redacted(line, hidden))
