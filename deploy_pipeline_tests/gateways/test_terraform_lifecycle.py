"""What a stack's files say of `ignore_changes`: its own, those of its modules, and files that cannot be read."""

import json
from pathlib import Path

import pytest

from deploy_pipeline.core.ownership import MOVED, TrafficResource
from deploy_pipeline.gateways.terraform_lifecycle import with_ignored

STACK = Path(__file__).parents[2] / "terraform" / "main"
LISTENER = """
resource "aws_lb_listener" "this" {
  port = 80 # "another"
  %s
}
"""


def ignored(stack: Path, kind: str, name: str, module: str = "") -> set[str] | None:
    found = with_ignored(stack, TrafficResource(f"{kind}.{name}", kind, name, module, {})).ignored
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("aws_lambda_alias", "live"),
        ("aws_ecs_service", "inference"),
        ("aws_lb_listener", "production"),
        ("aws_lb_listener", "test"),
    ],
)
def test_our_own_stack_leaves_the_traffic_to_the_pipeline(kind: str, name: str) -> None:
    assert (ignored(STACK, kind, name) or set()) >= {*MOVED[kind]}


@pytest.mark.parametrize(
    ("lifecycle", "expected"),
    [
        ("", set()),
        ("lifecycle { prevent_destroy = true }", set()),
        ("lifecycle { ignore_changes = [default_action] }", {"default_action"}),
        ("lifecycle {\n ignore_changes = [\n default_action, # ours\n tags,\n ]\n }", {"default_action", "tags"}),
        ("lifecycle { ignore_changes = all }", {"all"}),
    ],
)
def test_a_block_says_what_it_ignores(tmp_path: Path, lifecycle: str, expected: set[str]) -> None:
    (tmp_path / "main.tf").write_text(LISTENER % lifecycle)
    assert ignored(tmp_path, "aws_lb_listener", "this") == expected


def test_terraforms_json_is_read_too(tmp_path: Path) -> None:
    block = {"port": 80, "lifecycle": {"ignore_changes": ["default_action"]}}
    (tmp_path / "main.tf.json").write_text(json.dumps({"resource": {"aws_lb_listener": {"this": block}}}))
    assert ignored(tmp_path, "aws_lb_listener", "this") == {"default_action"}


def test_a_module_is_read_where_terraform_has_put_it(tmp_path: Path) -> None:
    modules = {"Modules": [{"Key": "", "Dir": "."}, {"Key": "web", "Dir": "shared/web"}]}
    (tmp_path / ".terraform/modules").mkdir(parents=True)
    (tmp_path / ".terraform/modules/modules.json").write_text(json.dumps(modules))
    (tmp_path / "shared/web").mkdir(parents=True)
    (tmp_path / "shared/web/main.tf").write_text(LISTENER % "lifecycle { ignore_changes = [default_action] }")
    (tmp_path / "main.tf").write_text(LISTENER % "")
    assert ignored(tmp_path, "aws_lb_listener", "this", "web") == {"default_action"}
    assert ignored(tmp_path, "aws_lb_listener", "this") == set()
    assert ignored(tmp_path, "aws_lb_listener", "this", "elsewhere") is None


@pytest.mark.parametrize("text", ["", LISTENER % 'lifecycle {{{ this "aws_lb_listener"'])
def test_what_cannot_be_read_is_not_known(tmp_path: Path, text: str) -> None:
    (tmp_path / "main.tf").write_text(text)
    assert ignored(tmp_path, "aws_lb_listener", "this") is None
