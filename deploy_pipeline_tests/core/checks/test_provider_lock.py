"""Which providers of a head are run."""

from deploy_pipeline.core.checks.assessment import Assessment, Finding, not_audited
from deploy_pipeline.core.checks.provider_lock import (
    LockedProvider,
    chosen,
    lock_text,
    read_lock,
    refusal,
    required_providers,
)

AWS = "registry.terraform.io/hashicorp/aws"
HASH = "h1:edXOJWE4ORX8Fm+dpVpICzMZJat4AX0VRCAy/xkcOc0="
LOCK = f"""\
# This file is maintained automatically by "terraform init".
# Manual edits may be lost in future updates.

provider "{AWS}" {{
  version     = "5.100.0"
  constraints = "~> 5.100"
  hashes = [
    "{HASH}",
  ]
}}
"""
RANDOM = LOCK.replace("hashicorp/aws", "hashicorp/random")


def test_read_lock_and_back() -> None:
    assert read_lock(LOCK) == {AWS: LockedProvider(AWS, "5.100.0", "~> 5.100", (HASH,))}
    assert lock_text(read_lock(LOCK)) == LOCK.split("\n\n", 1)[1]
    assert read_lock(LOCK.replace("\n", "\r\n")) == read_lock(LOCK)


def test_read_lock_leaves_out_what_terraform_does_not_write() -> None:
    assert read_lock(LOCK.replace('provider "', 'provider  "')) == {}
    assert read_lock(LOCK.replace("5.100.0", "5.100.0; rm")) == {}
    assert read_lock(LOCK.replace(AWS, "../../x")) == {}
    assert read_lock("") == {}
    assert lock_text({}) == ""


def test_refusal_of_a_provider_that_the_base_does_not_have() -> None:
    path = "terraform/main/.terraform.lock.hcl"
    message = "provider hashicorp/random is not in main's lock file"
    assert refusal(read_lock(RANDOM), read_lock(LOCK), "terraform/main", "main") == Assessment(
        "failed",
        f"{message}: a maintainer adds it there first",
        (Finding("provider-not-locked", message, path=path, subject="hashicorp/random"),),
    )


def test_refusal_of_another_version() -> None:
    head = read_lock(LOCK.replace("5.100.0", "6.0.0"))
    assert refusal(head, read_lock(LOCK), "tf", "main") == not_audited(
        "tf/.terraform.lock.hcl moves hashicorp/aws 5.100.0 to 6.0.0: "
        "only the versions on main are run before the merge"
    )


def test_no_refusal_of_what_the_base_has() -> None:
    assert refusal(read_lock(LOCK), read_lock(LOCK + "\n" + RANDOM), "tf", "main") is None
    assert refusal({}, {}, "tf", "main") is None


def test_chosen_has_the_checksums_of_the_base() -> None:
    head = read_lock(LOCK.replace(HASH, "h1:forged=").replace("~> 5.100", "~> 5.99"))
    base = read_lock(LOCK + "\n" + RANDOM)
    assert chosen(head, base) == {AWS: LockedProvider(AWS, "5.100.0", "~> 5.99", (HASH,))}


def test_required_providers_names_exact_versions() -> None:
    expected = {"terraform": {"required_providers": {"provider0": {"source": AWS, "version": "5.100.0"}}}}
    assert required_providers(read_lock(LOCK)) == expected
