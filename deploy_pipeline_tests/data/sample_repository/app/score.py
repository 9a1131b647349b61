"""Scores how engaged a customer is."""

import idna


def score(sessions: int, purchases: int) -> float:
    """From 0 to 1; more of either is never less."""
    if sessions < 0 or purchases < 0:
        raise ValueError("counts cannot be negative")
    return min(1.0, sessions / 20 + purchases / 5)


def domain(name: str) -> str:
    """A customer's domain in the form that DNS knows."""
    return idna.encode(name).decode()
