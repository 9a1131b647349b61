"""Terraform's command lines, environment and files, as values."""

from deploy_pipeline.core import terraform_cli
from deploy_pipeline.core.spec import BackendSpec

BACKEND = BackendSpec(bucket="state", key="main/t.tfstate", region="eu-west-1")


def test_init_names_the_backend_and_keeps_a_lock_file() -> None:
    assert terraform_cli.init("terraform", BACKEND, locked=True, emulated=False) == [
        "terraform", "init", "-input=false", "-no-color", "-lockfile=readonly", "-backend-config=bucket=state",
        "-backend-config=key=main/t.tfstate", "-backend-config=region=eu-west-1", "-backend-config=use_lockfile=true",
    ]  # fmt: skip


def test_init_for_an_emulator_uses_paths_and_asks_nothing_of_aws() -> None:
    argv = terraform_cli.init("terraform", BACKEND, locked=False, emulated=True)
    assert "-lockfile=readonly" not in argv
    assert {"-backend-config=use_path_style=true", "-backend-config=skip_credentials_validation=true"} <= set(argv)


def test_apply_waits_for_the_lock_which_a_plan_does_not_take_and_neither_asks_anybody() -> None:
    assert terraform_cli.plan("tofu", "/w/p") == [
        "tofu", "plan", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode",
        "-var-file=deploy_pipeline.auto.tfvars.json", "-out=/w/p",
    ]  # fmt: skip
    assert terraform_cli.apply("tofu", "/w/p", 0) == [
        "tofu",
        "apply",
        "-input=false",
        "-no-color",
        "-lock-timeout=0s",
        "/w/p",
    ]


def test_environment_has_aws_names_variables_and_only_our_endpoint() -> None:
    given = {
        "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "http://else", "GITHUB_TOKEN": "t",
        "SLACK_BOT_TOKEN": "t", "TF_VAR_x": "y", "TF_LOG": "TRACE",
    }  # fmt: skip
    fixed = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
    allowed = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "TF_VAR_x": "y"}
    assert terraform_cli.environment({"PATH": "/bin"}, given) == {"PATH": "/bin", **allowed, **fixed}
    chosen = terraform_cli.environment({}, {}, endpoint_url="http://e", config_file="/c", plugin_cache="/p")
    paths = {"AWS_ENDPOINT_URL": "http://e", "TF_CLI_CONFIG_FILE": "/c", "TF_PLUGIN_CACHE_DIR": "/p"}
    assert chosen == {**paths, **fixed}


def test_mirror_config_sends_everything_else_to_its_registry() -> None:
    assert terraform_cli.mirror_config("/m", ["h/n/aws", "h/n/null"]) == (
        "provider_installation {\n"
        '  filesystem_mirror {\n    path    = "/m"\n    include = ["h/n/aws", "h/n/null"]\n  }\n'
        '  direct {\n    exclude = ["h/n/aws", "h/n/null"]\n  }\n'
        "}\n"
    )
