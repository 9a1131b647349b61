"""The work folder of a stack."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways import terraform_files


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkouts" / "abc"
    stack = root / "infra" / "main"
    (stack / ".terraform" / "providers").mkdir(parents=True)
    (stack / "inner").mkdir()
    for name in ("main.tf", ".terraform.lock.hcl", "terraform.tfstate", "terraform.tfstate.backup", "inner/x.tf"):
        (stack / name).write_text(name)
    (stack / "shared.tf").symlink_to("../shared.tf")
    (root / "infra" / "shared.tf").write_text("shared")
    (root / "infra" / "modules" / "b").mkdir(parents=True)
    (root / "app").mkdir()
    for path in stack.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() else 0o444)
    return root


@pytest.mark.parametrize("directory", ["infra/main", "./infra/main/"])
@pytest.mark.parametrize("source", [".", "infra/main"])
def test_lay_out_copies_the_stack_and_links_what_lies_beside_it(
    checkout: Path, tmp_path: Path, directory: str, source: str
) -> None:
    work = tmp_path / "work"
    stack = terraform_files.lay_out(work, directory, checkout / source)
    assert stack == work / "checkout" / "infra" / "main"
    found = sorted(p.relative_to(stack).as_posix() for p in stack.rglob("*"))
    assert found == [".terraform.lock.hcl", "inner", "inner/x.tf", "main.tf", "shared.tf"]
    assert (stack / "shared.tf").read_text() == "shared"
    assert (stack / "../modules/b").is_dir()
    assert (work / "checkout" / "app").readlink() == checkout / "app"
    assert [oct(p.stat().st_mode & 0o777) for p in (work, stack / "main.tf")] == ["0o700", "0o644"]
    assert terraform_files.stack_in(work) == stack


def test_lay_out_starts_afresh_and_leaves_the_checkout_alone(checkout: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    stack = terraform_files.lay_out(work, "infra/main", checkout)
    (stack / "left.tf").write_text("left")
    terraform_files.lay_out(work, "infra/main", checkout)
    assert not (stack / "left.tf").exists()
    assert (checkout / "app").is_dir()
    assert (checkout / "infra" / "main" / "terraform.tfstate").exists()


def test_lay_out_of_the_whole_repository(checkout: Path, tmp_path: Path) -> None:
    stack = terraform_files.lay_out(tmp_path / "work", ".", checkout)
    assert (stack / "infra" / "main" / "main.tf").is_file()
    assert not (stack / "app").is_symlink()


def test_lay_out_of_a_missing_folder_says_what_to_correct(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no folder infra/absent") as caught:
        terraform_files.lay_out(tmp_path / "work", "infra/absent", checkout)
    assert "directory" in caught.value.todo


def test_lay_out_never_removes_a_state_that_was_not_saved(checkout: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    stack = terraform_files.lay_out(work, "infra/main", checkout)
    (stack / "errored.tfstate").write_text("{}")
    with pytest.raises(DeployError, match="left a state that is not saved") as caught:
        terraform_files.lay_out(work, "infra/main", checkout)
    assert "terraform state push errored.tfstate" in caught.value.todo
    assert terraform_files.unsaved_state(work) == work / "stack" / "errored.tfstate"


def test_write_private_replaces_a_link_instead_of_following_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "file").symlink_to(outside)
    terraform_files.write_private(tmp_path / "file", "secret")
    assert (outside.read_text(), (tmp_path / "file").read_text()) == ("kept", "secret")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_mirrored_providers_lists_providers_only(tmp_path: Path) -> None:
    (tmp_path / "registry.terraform.io" / "hashicorp" / "aws" / "5.0.0").mkdir(parents=True)
    (tmp_path / "README").touch()
    assert terraform_files.mirrored_providers(tmp_path) == ["registry.terraform.io/hashicorp/aws"]
    with pytest.raises(DeployError, match="no providers"):
        terraform_files.mirrored_providers(tmp_path / "absent")


def test_stack_in_a_folder_where_nothing_was_planned_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="nothing was planned here"):
        terraform_files.stack_in(tmp_path)
