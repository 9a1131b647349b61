"""Which Terraform may give another plan although nothing in the commit has changed."""

from pathlib import Path

import pytest

from deploy_pipeline.core.terraform_doubts import UpwardPath, doubts_of, upward_paths

STACK = Path(__file__).parents[2] / "terraform" / "main"


def doubts(text: str, name: str = "main.tf") -> list[str]:
    return list(doubts_of(name, text))


@pytest.mark.parametrize("file", sorted(STACK.glob("*.tf")), ids=lambda file: file.name)
def test_the_application_s_own_stack_is_certain(file: Path) -> None:
    assert doubts(file.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        'data "aws_iam_policy_document" "a" {\n}\n',
        'data "aws_caller_identity" "a" {}\n',
        'module "a" {\n  source = "./a"\n}\n',
        'module "a" {\n  # where\n  source  = "../modules/a"\n  words = { source = "x" }\n}\n',
        'resource "a" "b" {\n  data = "x"\n  module = { data = data.aws_region.a.name }\n}\n',
        'locals {\n  x = file("${path.module}/a.json")\n  y = templatefile("a.tftpl", {})\n'
        '  z = fileset(path.module, "*.json")\n}\n',
        "# uuid() and timestamp() are not used\n",
        'resource "a" "b" {\n  value = uuid()\n\n  lifecycle {\n    ignore_changes = [value]\n  }\n}\n',
        "/* A licence.\n * data here\n */\nlocals {}\n",
        'locals {\n  a = "arn:*/*/v1"\n}\n',
    ],
)
def test_certain(text: str) -> None:
    assert doubts(text) == []


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ('data "aws_ami" "a" {\n}\n', "reads the world"),
        ('  data "aws_ssm_parameter" "a" {}\n', "reads the world"),
        ("data aws_ami a {\n}\n", "reads the world"),
        ('data/**/"aws_region" "a" {\n}\n', "reads the world"),
        ('data "terraform_remote_state" "a" {\n}\n', "reads the world"),
        ('data "external" "a" {\n}\n', "reads the world"),
        ('data "local_file" "a" {\n}\n', "reads the world"),
        ('check "a" {\n  data "http" "b" {\n  }\n}\n', "reads the world"),
        ('ephemeral "aws_secretsmanager_secret_version" "a" {\n}\n', "block 'ephemeral'"),
        ('something "new" {\n}\n', "block 'something'"),
        ('module "a" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n', "from elsewhere"),
        ('module "a" {\n  source = "git::https://x/y"\n}\n', "from elsewhere"),
        ('module "a" {\n  source = "/modules/a"\n}\n', "from elsewhere"),
        ('module "a" {\n  source = var.a\n}\n', "from elsewhere"),
        ('module "a" { source = "./a" }\n', "from elsewhere"),
        ('module "a" {\n  version = "1"\n}\nresource "x" "y" {\n  source = "./a"\n}\n', "from elsewhere"),
        ("locals {\n  a = timestamp()\n}\n", "uses timestamp"),
        ("locals {\n  a = plantimestamp ()\n}\n", "uses plantimestamp"),
        ('resource "a" "b" {\n  other = uuid()\n\n  lifecycle {\n    ignore_changes = [value]\n  }\n}\n', "uses uuid"),
        (
            'resource "a" "b" {\n  value = uuid()\n\n  lifecycle {\n    # ignore_changes = [value]\n  }\n}\n',
            "uses uuid",
        ),
        (
            'resource "a" "b" {\n  c {\n    value = uuid()\n  }\n  lifecycle {\n    ignore_changes = [value]\n  }\n}\n',
            "uses uuid",
        ),
        (
            'resource "a" "b" {\n  value = uuid()\n}\nresource "a" "c" {\n  lifecycle {\n    ignore_changes = [value]\n'
            "  }\n}\n",
            "uses uuid",
        ),
        ("locals {\n  a = <<-EOT\n    # ${timestamp()}\n  EOT\n}\n", "uses timestamp"),
        ("locals {\n  a = provider::aws::arn_parse(x)\n}\n", "uses provider::"),
        ("locals {\n  a = path.cwd\n}\n", "uses path.cwd"),
        ("locals {\n  a = abspath(path.module)\n}\n", "uses abspath"),
        ('locals {\n  a = file("${dirname(path.module)}/x")\n}\n', "uses dirname"),
        ('locals {\n  a = file("/etc/hosts")\n}\n', "not in the repository"),
        ('locals {\n  a = file("~/x")\n}\n', "not in the repository"),
        ("locals {\n  a = filebase64sha256(var.package)\n}\n", "not in the repository"),
        ('resource "a" "b" {\n  filename = "/tmp/x.zip"\n}\n', "not in the repository"),
        ('resource "time_rotating" "a" {\n  rotation_days = 30\n}\n', "depends on the date"),
        ('locals {\n  a = "${var.folder}/../x"\n}\n', "filled in"),
        ('/* x */ data "aws_ami" "a" {\n}\n', "comment in front"),
        ('/* x\n" */ data "aws_ami" "a" {\n}\n', "comment in front"),
    ],
)
def test_in_doubt(text: str, doubt: str) -> None:
    found = doubts(text)
    assert any(doubt in each for each in found), found


@pytest.mark.parametrize(
    ("name", "text", "doubted"),
    [
        ("main.tf.json", "{}", True),
        ("main.tofu", "", True),
        ("a.tftpl", "${timestamp()}", True),
        ("a.tftpl", '${file("/etc/hostname")}', True),
        ("a.json", '{"a": "${file(pathexpand("~/x"))}"}', True),
        ("a.tftpl", "%{ if fileexists(name) }x%{ endif }", True),
        ("a.tftpl", '${file("x.json")}', False),
        ("a.tftpl", "${name}", False),
        ("README.md", "timestamp() is new each time", False),
        ("terraform.tfvars", 'a = "b"\n', False),
    ],
)
def test_other_files(name: str, text: str, doubted: bool) -> None:
    assert bool(doubts(text, name)) is doubted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('source = "../modules/a"', {UpwardPath("../modules/a")}),
        ('file("${path.module}/../../x/y.json")', {UpwardPath("../../x/y.json", of_module=True)}),
        ('file("${path.root}/../x")', {UpwardPath("../x")}),
        ('"${path.module}/.."', {UpwardPath("..", of_module=True)}),
        ('["..", "x"]', {UpwardPath("..")}),
        ("merge(a...)", set()),
        ("# See ../bootstrap.", {UpwardPath("../bootstrap")}),
        ('"../mod-${var.a}"', {UpwardPath("../")}),
        ('"../x/a.${var.b}"', {UpwardPath("../x/")}),
        ('format("../%s/x", a)', {UpwardPath("../")}),
        ('"${path.module}/sub/../../x"', {UpwardPath("../../")}),
        ('"../a/../b"', {UpwardPath("../a/../b")}),
        ("plain", set()),
    ],
)
def test_upward_paths(text: str, expected: set[UpwardPath]) -> None:
    assert upward_paths("main.tf", text) == expected


def test_upward_paths_of_files_that_terraform_does_not_read() -> None:
    assert upward_paths("README.md", "see ../docs") == frozenset()
    assert upward_paths("a.tpl", '${file("../x")}') == {UpwardPath("../x")}
