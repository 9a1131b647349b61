"""What of a checkout decides a stack's plan."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy_pipeline.core.content_key import ContentKey
from deploy_pipeline.core.spec import BackendSpec, TerraformSpec
from deploy_pipeline.core.stack_key import plan_key, source_key
from deploy_pipeline.gateways.stack_tree import stack_tree

STACK = TerraformSpec(directory="infra/main", backend=BackendSpec(bucket="state", key="k", region="us-east-1"))
FILES = {
    "infra/main/main.tf": 'module "a" {\n  source = "../modules/a"\n}\n',
    "infra/main/.terraform.lock.hcl": "# hashes\n",
    "infra/main/terraform.tfvars": 'colour = "red"\n',
    "infra/main/policy.json": "{}",
    "infra/modules/a/a.tf": 'locals {\n  x = file("${path.module}/../../shared/x.json")\n}\n',
    "infra/modules/b/b.tf": "locals {}\n",
    "infra/shared/x.json": "1",
    "docs/notes.md": "notes",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def key_in(checkout: Path, stack: TerraformSpec = STACK, variables: str = "{}", terraform: str = "1.11") -> ContentKey:
    return source_key(stack, stack_tree(checkout, stack.directory, variables), terraform)


def appended(name: str) -> Callable[[Path], None]:
    def change(checkout: Path) -> None:
        with (checkout / name).open("a") as file:
            file.write("\n")

    return change


def made(name: str, text: str = "") -> Callable[[Path], None]:
    def change(checkout: Path) -> None:
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text)

    return change


def linked(name: str, target: str) -> Callable[[Path], None]:
    return lambda checkout: (checkout / name).symlink_to(target)


@pytest.mark.parametrize(
    "change",
    [
        *(appended(name) for name in FILES if not name.startswith(("docs", "infra/modules/b"))),
        made("infra/main/new.auto.tfvars", "a = 1\n"),
        made("infra/main/deep/x.json"),
        made("infra/modules/a/new.tf"),
        linked("infra/main/link", "policy.json"),
        lambda checkout: (checkout / "infra/main/policy.json").rename(checkout / "infra/main/other.json"),
        lambda checkout: (checkout / "infra/main/policy.json").chmod(0o755),
        lambda checkout: (checkout / "infra/main/policy.json").unlink(),
    ],
)
def test_what_matters_changes_the_key(checkout: Path, change: Callable[[Path], None]) -> None:
    before = key_in(checkout)
    assert before.value, before.doubt
    change(checkout)
    assert key_in(checkout) != before


@pytest.mark.parametrize(
    "change",
    [
        appended("docs/notes.md"),
        appended("infra/modules/b/b.tf"),
        made("infra/main/.terraform/providers/x"),
        made("infra/main/terraform.tfstate"),
        made("infra/main/crash.log"),
        made("other/main.tf", 'data "aws_ami" "a" {}\n'),
        lambda checkout: os.utime(checkout / "infra/main/main.tf", (1, 1)),
    ],
)
def test_what_does_not_matter_leaves_the_key(checkout: Path, change: Callable[[Path], None]) -> None:
    before = key_in(checkout)
    change(checkout)
    assert key_in(checkout) == before


def test_what_is_given_beside_the_files_matters(checkout: Path) -> None:
    backend = STACK.backend.model_copy(update={"key": "other"})
    keys = [key_in(checkout), key_in(checkout, terraform="1.12"),
            key_in(checkout, STACK.model_copy(update={"backend": backend}))]  # fmt: skip
    keys += [plan_key(keys[0], {}), plan_key(keys[0], {"a": "b"}), plan_key(keys[0], {"a": {"b": "c"}})]
    assert len({key.value for key in keys}) == 6


def test_a_variable_may_lead_to_further_files(checkout: Path) -> None:
    before = key_in(checkout, variables='{"folder": "../../docs"}')
    appended("docs/notes.md")(checkout)
    assert key_in(checkout, variables='{"folder": "../../docs"}') != before


def test_a_path_that_is_made_up_counts_the_folder_above_it(checkout: Path) -> None:
    made("infra/main/more.tf", 'locals {\n  x = file("${path.module}/../${var.name}/x.json")\n}\n')(checkout)
    before = key_in(checkout)
    assert before.value
    appended("infra/modules/b/b.tf")(checkout)
    assert key_in(checkout) != before


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda checkout: (checkout / "infra/main/.terraform.lock.hcl").unlink(), "has no .terraform.lock.hcl"),
        (made("infra/modules/a/world.tf", 'data "aws_ami" "a" {\n}\n'), "infra/modules/a/world.tf reads the world"),
        (linked("infra/main/out", "/etc/hosts"), "a link out of the repository"),
        (linked("infra/main/out", "../../../out"), "leads out of the repository"),
        (made("infra/main/out.tf", 'locals {\n  x = file("../../../x")\n}\n'), "leads out of the repository"),
        (lambda checkout: os.mkfifo(checkout / "infra/main/pipe"), "is no file"),
    ],
)
def test_a_stack_in_doubt_has_no_key(checkout: Path, change: Callable[[Path], None], doubt: str) -> None:
    change(checkout)
    found = key_in(checkout)
    assert found.value == ""
    assert doubt in found.doubt
    assert plan_key(found, {}) == found


def test_links_and_paths_in_circles_come_to_an_end(checkout: Path) -> None:
    linked("infra/main/up", "..")(checkout)
    linked("infra/modules/a/self", "self")(checkout)
    before = key_in(checkout)
    assert before.value, before.doubt
    appended("infra/modules/b/b.tf")(checkout)
    assert key_in(checkout) != before


def test_a_link_to_a_folder_counts_what_is_in_it(checkout: Path) -> None:
    linked("infra/main/shared", "../../docs")(checkout)
    before = key_in(checkout)
    appended("docs/notes.md")(checkout)
    assert key_in(checkout) != before


@settings(max_examples=60, deadline=None, suppress_health_check=(HealthCheck.too_slow,))
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=3), st.sampled_from(sorted(FILES)), st.binary(max_size=3))
def test_two_checkouts_have_one_key_when_and_only_when_the_stack_sees_the_same(
    name: str, content: bytes, other: str, other_content: bytes
) -> None:
    """Bytes are put behind a comment sign, so that they mean nothing to Terraform; they may still be read as a file."""

    def write(folder: Path, name: str, content: bytes) -> dict[str, bytes]:
        written = {path: text.encode() for path, text in FILES.items()}
        written[name] += b"# " + content.replace(b"..", b"").replace(b"\n", b"") + b"\n"
        for path, text in written.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(text)
        return {path: text for path, text in written.items() if not path.startswith(("docs", "infra/modules/b"))}

    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "1"), Path(folder, "2")
        seen, others = write(one, name, content), write(two, other, other_content)
        assert (key_in(one) == key_in(two)) is (seen == others)
        shutil.rmtree(one)
