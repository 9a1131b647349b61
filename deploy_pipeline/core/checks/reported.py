"""What travels from a check's op to the answer: the result, and whether GitHub has heard of it."""

from dataclasses import dataclass

from deploy_pipeline.core.checks.assessment import CheckResult


@dataclass(frozen=True)
class Reported:
    """A result. `told` says whether GitHub shows it already; the answer tells what is missing.

    `lost` are the names of reports that could not be kept.
    """

    result: CheckResult
    told: bool
    lost: tuple[str, ...] = ()
