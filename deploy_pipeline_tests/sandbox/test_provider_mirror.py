"""Where the AWS provider comes from: folders made here, no registry asked."""

import platform
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.sandbox.provider_mirror import (
    ARCHITECTURES,
    PROVIDER,
    choose_mirror,
    cli_configuration,
    find_mirror,
    mirror_candidates,
)

TARGET = f"linux_{ARCHITECTURES[platform.machine()]}"


def mirror(root: Path, *inside: str) -> Path:
    (root / PROVIDER).joinpath(*inside).mkdir(parents=True)
    return root


def test_candidates_begin_with_the_plugin_cache_and_end_with_optional_software(tmp_path: Path) -> None:
    (tmp_path / "opt" / "b").mkdir(parents=True)
    (tmp_path / "opt" / "a").mkdir()

    found = mirror_candidates({"TF_PLUGIN_CACHE_DIR": "/cache"}, tmp_path / "opt")

    assert found[0] == Path("/cache")
    assert Path("/usr/share/terraform/plugins") in found
    assert found[-2:] == [tmp_path / "opt" / "a", tmp_path / "opt" / "b"]


def test_candidates_without_cache_and_optional_software_are_terraforms_own(tmp_path: Path) -> None:
    assert mirror_candidates({}, tmp_path / "none")[0] == Path("~/.terraform.d/plugins").expanduser()


def test_find_mirror_takes_the_first_folder_with_the_provider_for_this_machine(tmp_path: Path) -> None:
    folders = [
        tmp_path / "absent",
        mirror(tmp_path / "empty"),
        mirror(tmp_path / "other", "5.100.0", "plan9_mips"),
        mirror(tmp_path / "right", "5.100.0", TARGET),
        mirror(tmp_path / "later", "5.100.0", TARGET),
    ]

    assert find_mirror(folders) == tmp_path / "right"


def test_find_mirror_knows_packed_providers(tmp_path: Path) -> None:
    packed = mirror(tmp_path / "packed")
    (packed / PROVIDER / f"terraform-provider-aws_5.100.0_{TARGET}.zip").touch()

    assert find_mirror([packed]) == packed


def test_choose_mirror_prefers_a_folder_and_does_not_ask_the_registry_then(tmp_path: Path) -> None:
    found = mirror(tmp_path / "right", "5.100.0", TARGET)

    assert choose_mirror([found], registry_answers=lambda: pytest.fail("asked")) == found


def test_choose_mirror_is_none_where_the_registry_answers(tmp_path: Path) -> None:
    assert choose_mirror([tmp_path], registry_answers=lambda: True) is None


def test_choose_mirror_says_how_to_make_one_where_there_is_neither(tmp_path: Path) -> None:
    with pytest.raises(DeployError) as raised:
        choose_mirror([tmp_path], registry_answers=lambda: False)

    assert "terraform providers mirror" in raised.value.todo


def test_cli_configuration_takes_only_the_aws_provider_from_the_mirror() -> None:
    assert cli_configuration(Path("/m")) == (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        '    path    = "/m"\n'
        '    include = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/hashicorp/aws"]\n'
        "  }\n"
        "}\n"
    )
