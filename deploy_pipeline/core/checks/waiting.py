"""Checks that run only when the head is trusted: what they say until then."""

from deploy_pipeline.core.checks.assessment import Assessment
from deploy_pipeline.core.checks.subject import Subject

SHORT_SHA = 7


def waiting(subject: Subject) -> Assessment:
    """It waits for a maintainer, for exactly this head."""
    label, head = subject.spec.validation.label, subject.head[:SHORT_SHA]
    return Assessment("waiting", f"waits for a maintainer's `{label}` label on {head}")
