"""Every check of the spec has a function and a step, and the other way round."""

from deploy_pipeline.checks.registry import CHECK_FUNCTIONS
from deploy_pipeline.core.checks import catalogue
from deploy_pipeline.jobs.pr_validation import pr_validation_job
from deploy_pipeline.ops.checks import op_of


def test_every_check_has_a_function_and_every_function_a_check() -> None:
    assert (*CHECK_FUNCTIONS, "cost") == catalogue.CHECKS


def test_every_check_is_a_step_of_the_job_and_says_what_it_is() -> None:
    steps = {node.name: node.definition.description for node in pr_validation_job.nodes}
    assert [name for name in catalogue.CHECKS if not steps.get(op_of(name))] == []


def test_what_the_catalogue_names_are_checks() -> None:
    named = {*catalogue.IN_ENVIRONMENT, *catalogue.WITHOUT_BOX, *catalogue.DISTRIBUTIONS}
    assert named - set(catalogue.CHECKS) == set()
