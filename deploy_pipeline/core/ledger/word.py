"""What people say while something bakes: promote it now, or return it. Pure.

A word is for what bakes when it is said. What begins to bake later, also in the same run, wants a word of its own.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Deployment, Said, Word

NAMES: Final[Mapping[str, Said]] = {"promote": "promote", "roll-back": "roll_back"}
"""As people write them."""
WORDS: Final[Mapping[Said, str]] = {said: name for name, said in NAMES.items()}


def listening(deployment: Deployment, bake: str) -> Deployment:
    """The deployment once this bakes. What was said of an earlier bake of that name is not for this one."""
    words = tuple(replace(word, bakes=tuple(name for name in word.bakes if name != bake)) for word in deployment.words)
    return replace(silent(deployment, bake), baking=(*silent(deployment, bake).baking, bake), words=words)


def silent(deployment: Deployment, bake: str) -> Deployment:
    """The deployment once this does not bake any more."""
    return replace(deployment, baking=tuple(name for name in deployment.baking if name != bake))


def word_for(deployment: Deployment, bake: str) -> Word | None:
    """What a person has said of a bake."""
    return next((word for word in deployment.words if bake in word.bakes), None)


def said(deployment: Deployment, what: Said, *, by: str, reason: str, now: datetime) -> Deployment:
    """The deployment with a person's word on all that bakes. Raises DeployError where nothing waits for one.

    The first word stands.
    """
    if not (by.strip() and reason.strip()):
        raise DeployError("a decision needs a name and a reason", where=deployment.id, todo="say who decides, and why")
    if not deployment.baking:
        raise DeployError(
            f"nothing bakes in {deployment.id} now: there is nothing to {WORDS[what]}",
            where=f"run {deployment.run_id}", todo="its log says when a bake begins; to end it otherwise, cancel it",
        )  # fmt: skip
    bakes = tuple(name for name in deployment.baking if word_for(deployment, name) is None)
    if not bakes:
        known = word_for(deployment, deployment.baking[0])
        raise DeployError(f"somebody has decided already: {in_words(known)}" if known else "", where=deployment.id)
    return replace(deployment, words=(*deployment.words, Word(what, by.strip(), reason.strip(), now, bakes)))


def in_words(word: Word) -> str:
    """What was said, by whom, and why."""
    return f"{WORDS[word.what]}, by {word.by}: {word.reason}"
