"""Hears what people say of a bake, through the record of its deployment."""

from collections.abc import Callable
from contextlib import suppress

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.deployment import Word
from deploy_pipeline.core.ledger.word import in_words, listening, silent, word_for
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.rollout.ear import Ear


class LedgerEar(Ear):
    """`bake` is its name in the deployment that `hold` has begun. `word` is what it has heard."""

    def __init__(self, hold: Hold, bake: str, log: Callable[[str], None]) -> None:
        self._hold = hold
        self._bake = bake
        self._log = log
        self._is_open = False
        self.word: Word | None = None

    def open(self) -> None:
        self._is_open = True
        self._hold.change(lambda found: listening(found, self._bake))
        self._log(
            f"{self._bake} bakes; a person may end it at any time:\n"
            f"deploy-pipeline decide {self._hold.run_id} promote|roll-back --reason …"
        )

    def heard(self) -> Word | None:
        if self.word is None:
            with suppress(DeployError):  # it is asked again
                record = self._hold.ledger.deployment(self._hold.lease.deployment)
                self._hear(word_for(record, self._bake) if record else None)
        return self.word

    def close(self) -> Word | None:
        self._is_open = False
        self._hear(word_for(self._hold.change(lambda found: silent(found, self._bake)), self._bake))
        return self.word

    def shut(self) -> None:
        if self._is_open:
            with suppress(DeployError):
                self.close()

    def kept(self) -> dict[str, str]:
        """Once it is promoted: what a person has said, for the ledger, which then never takes the release back, and for

        the run's metadata.
        """
        if self.word is None:
            return {}
        self._hold.decided(in_words(self.word))
        return {"decided": in_words(self.word)}

    def _hear(self, word: Word | None) -> None:
        if word is not None and self.word is None:
            self._log(f"{self._bake}: {in_words(word)}")
        self.word = word
