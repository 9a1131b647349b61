"""What serves after a rollback, as the ledger keeps it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy_pipeline.core.ledger.rollback import CODE, PARTS, Part, Rollback, previous
from deploy_pipeline.core.release import release_of
from deploy_pipeline_tests.samples import a_candidate, a_deployed, a_pushed_image, a_spec


def test_a_service_that_the_earlier_release_did_not_have_keeps_its_place_and_its_image() -> None:
    """Else its next rollback would find neither."""
    later = a_deployed()
    earlier = replace(
        later,
        candidate=a_candidate(a_spec(services={}, images={}, smoke_tests=[])),
        services=(),
        images=(),
        release="one",
    )
    done = Rollback(replace(later, release="two"), earlier, ("functions", "services")).done((), ())
    assert done.services == later.services
    assert done.candidate.spec.services["inference"] == later.candidate.spec.services["inference"]
    assert done.images == (a_pushed_image(),)


@pytest.mark.parametrize(("parts", "before"), [
    ((), "before two"), (CODE, "before two"), (PARTS, "before two"), (("functions",), "two"), (("terraform",), "two"),
])  # fmt: skip
def test_what_a_rollback_is_rolled_back_to(parts: tuple[Part, ...], before: str) -> None:
    """Where only a part went back, the rest goes to the same release."""
    two = release_of(a_deployed(), "run", datetime(2026, 11, 30, tzinfo=UTC), "before two")
    live = replace(two, name="four", replaced="three", restores="two", parts=parts)
    assert previous(live, lambda name: two if name == "two" else None) == before
