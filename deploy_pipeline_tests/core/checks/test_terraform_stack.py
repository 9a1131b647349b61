"""What a failed `terraform init` means, by what Terraform 1.11 prints, and what Terraform is told in a box."""

import pytest

from deploy_pipeline.core.checks.assessment import Assessment, Finding, not_audited
from deploy_pipeline.core.checks.provider_lock import LockedProvider
from deploy_pipeline.core.checks.terraform_stack import cli_configuration, environment, failed_init, link_files, write
from deploy_pipeline_tests.fakes.fake_isolation import PLACES, finished

AWS = "registry.terraform.io/hashicorp/aws"
BASE = {AWS: LockedProvider(AWS, "5.100.0")}
PROVIDER = """
Error: Failed to query available provider packages

Could not retrieve the list of available versions for provider
hashicorp/{name}: provider registry.terraform.io/hashicorp/{name} was not
found in any of the search locations
"""
MODULE = """
Error: Failed to download module

  on x.tf line 4:
   4: module "g" {

Could not download module "g" (x.tf:4) source code from
"git::https://github.com/x/y.git": error downloading
'https://github.com/x/y.git': /usr/bin/git exited with 128
"""
REGISTRY_MODULE = """
Error: Error accessing remote module registry

Failed to retrieve available versions for module "m" (x.tf:1) from
registry.terraform.io: failed to request discovery document
"""
CHECKSUM = """
Error: Failed to install provider

Error while installing hashicorp/aws v5.100.0: the local package for
registry.terraform.io/hashicorp/aws 5.100.0 doesn't match any of the
checksums previously recorded in the dependency lock file (this might be
"""
CHANGED = """
Error: Provider dependency changes detected

Changes to the required provider dependencies were detected, but the lock
file is read-only.
"""
NO_STATE = """
Error: Failed to get existing workspaces: S3 bucket "state" does not exist.

The referenced S3 bucket must have been previously created.

Error: operation error S3: ListObjectsV2, https response error StatusCode: 404, RequestID: 4c, NoSuchBucket:

"""
SYNTAX = """
Error: Unsupported block type

  on ../modules/m/x.tf line 7:
   7: bad {

Blocks of type "bad" are not expected here.
"""
ANNOUNCEMENT = """
Error: Terraform encountered problems during initialisation, including problems
with the configuration, described below.

The Terraform configuration must be valid before initialization so that
Terraform can determine which modules and providers need to be installed.


"""
ANNOUNCED = (
    "Terraform encountered problems during initialisation, including problems with the configuration, described "
    "below: The Terraform configuration must be valid before initialization so that Terraform can determine which "
    "modules and providers need to be installed."
)
LATER = """
Error: Something else

It has no place.
"""
FORGED = """
Error: Unsupported block type

  on x.tf line 7:
   7: AccessDenied {

Blocks of type "AccessDenied" are not expected here.
"""
SAID = 'Unsupported block type: Blocks of type "bad" are not expected here.'
REFUSED = "provider hashicorp/external is not in main's lock file"
CASES: list[tuple[str, Assessment]] = [
    (
        PROVIDER.format(name="external") + PROVIDER.format(name="aws"),
        Assessment(
            "failed",
            f"{REFUSED}: a maintainer adds it there first",
            (
                Finding(
                    "provider-not-locked", REFUSED, path="tf/main/.terraform.lock.hcl", subject="hashicorp/external"
                ),
            ),
        ),
    ),
    (
        PROVIDER.format(name="aws"),
        Assessment("failed", "tf/main/.terraform.lock.hcl lacks hashicorp/aws: run `terraform init` and commit it"),
    ),
    (MODULE + REGISTRY_MODULE, not_audited("tf/main fetches modules from the network, which is closed here: g, m")),
    (
        CHECKSUM,
        not_audited(
            "main's lock file has no checksum of hashicorp/aws for this machine: "
            "run `terraform providers lock -platform=linux_amd64` in tf/main and merge the lock file"
        ),
    ),
    (
        CHANGED,
        Assessment(
            "failed",
            "tf/main/.terraform.lock.hcl is not up to date: run `terraform init` and commit it",
            (
                Finding(
                    "terraform-init",
                    "Provider dependency changes detected: Changes to the required provider dependencies were "
                    "detected, but the lock file is read-only.",
                ),
            ),
        ),
    ),
    (
        NO_STATE,
        not_audited(
            'tf/main: Failed to get existing workspaces: S3 bucket "state" does not exist: '
            "The referenced S3 bucket must have been previously created."
        ),
    ),
    (
        SYNTAX,
        Assessment(
            "failed",
            "tf/modules/m/x.tf:7: Unsupported block type",
            (Finding("terraform-init", SAID, path="tf/modules/m/x.tf", line=7),),
        ),
    ),
    (
        FORGED,
        Assessment(
            "failed",
            "tf/main/x.tf:7: Unsupported block type",
            (
                Finding(
                    "terraform-init",
                    'Unsupported block type: Blocks of type "AccessDenied" are not expected here.',
                    path="tf/main/x.tf",
                    line=7,
                ),
            ),
        ),
    ),
    (
        ANNOUNCEMENT + SYNTAX + LATER,
        Assessment(
            "failed",
            "tf/modules/m/x.tf:7: Unsupported block type, and 1 more error",
            (
                Finding("terraform-init", SAID, path="tf/modules/m/x.tf", line=7),
                Finding("terraform-init", "Something else: It has no place."),
            ),
        ),
    ),
    (
        ANNOUNCEMENT,
        Assessment("failed", f"tf/main: terraform init: {ANNOUNCED}", (Finding("terraform-init", ANNOUNCED),)),
    ),
]


@pytest.mark.parametrize(("stderr", "expected"), CASES)
def test_failed_init(stderr: str, expected: Assessment) -> None:
    assert failed_init(finished(returncode=1, stderr=stderr), PLACES, "tf/main", "main", BASE) == expected


def test_failed_init_without_a_word_is_broken() -> None:
    found = failed_init(finished(returncode=1), PLACES, "tf/main", "main", BASE)
    assert found is not None
    assert found.state == "broken"
    assert failed_init(finished(), PLACES, "tf/main", "main", BASE) is None


def test_cli_configuration_has_no_way_to_the_network() -> None:
    assert cli_configuration(PLACES, BASE) == (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        '    path    = "/providers"\n'
        f'    include = ["{AWS}"]\n'
        "  }\n"
        "}\n"
    )
    assert cli_configuration(PLACES, {}) == (
        'provider_installation {\n  filesystem_mirror {\n    path    = "/scratch/no-providers"\n  }\n}\n'
    )


def test_the_data_folder_is_not_one_of_the_pull_request() -> None:
    assert environment(PLACES)["TF_DATA_DIR"] == "/scratch/terraform"
    assert link_files(PLACES) == ("cp", "-rs", "--", "/checkout/.", "/scratch/tree")
    assert write("/scratch/a", "b")[-2:] == ("/scratch/a", "b")
