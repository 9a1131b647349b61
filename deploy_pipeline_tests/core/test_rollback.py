"""What serves after a rollback, as the ledger keeps it."""

from dataclasses import replace

from deploy_pipeline.core.ledger.rollback import Rollback
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
