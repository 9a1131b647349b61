"""What `terraform init` made comes back as it was, or not at all."""

from pathlib import Path

from deploy_pipeline.gateways.prepared_stacks import KEPT, MOST_BYTES, PreparedStacks

PROVIDER = "providers/registry.terraform.io/hashicorp/aws/5.100.0/linux_amd64"


def made(stack: Path, provider: Path) -> Path:
    """A stack as init leaves it, with a provider that is linked from a cache."""
    link = stack / ".terraform" / PROVIDER
    link.parent.mkdir(parents=True)
    provider.mkdir(exist_ok=True)
    link.symlink_to(provider)
    (stack / ".terraform/terraform.tfstate").write_text("the backend")
    return stack


def empty(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_what_was_made_comes_back(tmp_path: Path) -> None:
    kept, provider = PreparedStacks(tmp_path / "kept"), tmp_path / "provider"
    kept.keep("key", made(tmp_path / "one", provider))
    kept.keep("key", made(tmp_path / "again", provider))
    stack = empty(tmp_path / "two")
    assert kept.restore("key", stack)
    assert (stack / ".terraform" / PROVIDER).readlink() == provider
    assert (stack / ".terraform/terraform.tfstate").read_text() == "the backend"
    assert [entry.name for entry in (tmp_path / "kept").iterdir()] == ["key"]


def test_nothing_comes_back_without_its_key_or_its_provider(tmp_path: Path) -> None:
    kept, provider, stack = PreparedStacks(tmp_path / "kept"), tmp_path / "provider", empty(tmp_path / "two")
    kept.keep("key", made(tmp_path / "one", provider))
    kept.keep("", made(tmp_path / "none", provider))
    assert not kept.restore("other", stack)
    assert not kept.restore("", stack)
    provider.rmdir()
    assert not kept.restore("key", stack)
    assert list(stack.iterdir()) == []
    kept.keep("key", made(tmp_path / "anew", tmp_path / "another provider"))
    assert kept.restore("key", stack)


def test_a_provider_that_was_copied_is_not_copied_again(tmp_path: Path) -> None:
    kept, stack = PreparedStacks(tmp_path / "kept"), made(tmp_path / "one", tmp_path / "provider")
    (stack / ".terraform/provider").write_bytes(b"x" * (MOST_BYTES + 1))
    kept.keep("key", stack)
    assert not (tmp_path / "kept").exists()


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    kept, stack = PreparedStacks(tmp_path / "kept"), made(tmp_path / "one", tmp_path / "provider")
    for number in range(KEPT + 3):
        kept.keep(f"key {number}", stack)
    assert len(list((tmp_path / "kept").iterdir())) == KEPT
    assert (tmp_path / "kept" / f"key {KEPT + 2}").is_dir()
