"""Which faults are tried, and in which order."""

from deploy_pipeline_tests.chaos.__main__ import chosen, command
from deploy_pipeline_tests.chaos.selection import ALL, FAST


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len({fault.name for fault in ALL}) == len(ALL)


def test_the_tests_have_faults_that_every_machine_can_have() -> None:
    assert {fault.needs for fault in FAST} == {"nothing"}


def test_chosen_with_a_seed_repeats_itself_and_begins_the_same_with_fewer() -> None:
    first = [fault.name for fault in chosen(ALL, 7, 20)]
    assert [fault.name for fault in chosen(ALL, 7, 20)] == first
    assert [fault.name for fault in chosen(ALL, 7, 5)] == first[:5]
    assert [fault.name for fault in chosen(ALL, 8, 20)] != first


def test_command_can_be_given_to_a_shell() -> None:
    assert command("--only", "Terraform's lock").endswith("""--only 'Terraform'"'"'s lock'""")
