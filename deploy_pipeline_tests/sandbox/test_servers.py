"""How the servers are started, what Terraform is given, and what is read from a repository. Nothing is started."""

from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import Completed
from deploy_pipeline.sandbox.bootstrap import apply_bootstrap
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.programs import find_on_path, must_run
from deploy_pipeline.sandbox.servers import Servers, bridge_answers, doubles_answer
from deploy_pipeline.sandbox.source import read_source
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall, succeed

SECRETS = {
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_SESSION_TOKEN": "real",
    "GITHUB_TOKEN": "real",
    "SLACK_BOT_TOKEN": "real",
    "HOME": "/home/me",
    "PATH": "/home/me/bin",
    "DOCKER_HOST": "unix:///d.sock",
}
SPEC = """\
version: 1
environment: test
repository: {name: acme/app}
aws: {region: eu-west-1, artifact_bucket: app-artifacts, ledger_bucket: app-ledger}
images:
  one: {repository: app/one, context: one, build_args: {BASE_IMAGE: "python:3.11-slim"}}
  two: {repository: app/two, context: two, build_args: {BASE_IMAGE: "python:3.11-slim"}}
  three: {repository: app/three, context: three}
notifications:
  email: {sender: from@example.com, recipients: [to@example.com]}
"""


def test_ministack_sees_nothing_of_this_machines_user(tmp_path: Path) -> None:
    layout = Layout(tmp_path)

    env = Servers(layout, SECRETS, FakeClock()).ministack_environment(20000)

    assert "real" not in env.values()
    assert not any("/home/me" in value for value in env.values())
    assert env["BIND_HOST"] == "127.0.0.1"
    assert env["MINISTACK_HOSTNAME"] == layout.host_name
    assert env["DOCKER_HOST"] == "unix:///d.sock"
    assert f"DEPLOY_PIPELINE_SANDBOX={env['DEPLOY_PIPELINE_SANDBOX']}" == layout.marker


def test_servers_that_do_not_listen_do_not_answer() -> None:
    assert not bridge_answers("127.0.0.1", 1)
    assert not doubles_answer(1)


def test_read_source_knows_base_images_and_sender(tmp_path: Path) -> None:
    (tmp_path / "deploy.yaml").write_text(SPEC)

    source = read_source(tmp_path)

    assert source.base_images == ["python:3.11-slim", "python:3.11-slim-bookworm"]
    assert source.sender == "from@example.com"
    assert source.spec.aws.region == "eu-west-1"


def test_read_source_says_where_there_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"no deploy\.yaml"):
        read_source(tmp_path)


def forget() -> None:
    raise AssertionError("the account was emptied")


def test_apply_bootstrap_begins_again_when_an_answer_was_lost(tmp_path: Path) -> None:
    source, layout = tmp_path / "source", Layout(tmp_path / "home")
    (source / "terraform/bootstrap").mkdir(parents=True)
    layout.log("bootstrap").parent.mkdir(parents=True)
    lost = ["Error: creating IAM Policy (p): EntityAlreadyExists: A policy called p already exists."]

    def respond(call: ProcessCall) -> Completed:
        if "apply" in call.argv and lost:
            (layout.bootstrap / "terraform.tfstate").write_text("half")
            return Completed(call.argv, 1, "", lost.pop())
        assert not (layout.bootstrap / "terraform.tfstate").exists()
        return succeed(call)

    process, said, emptied = FakeProcess(respond), list[str](), list[bool]()
    apply_bootstrap(source, layout, Path("/t"), None, process, {}, said.append, lambda: emptied.append(True))
    assert emptied == [True]
    assert [call.argv[2] for call in process.calls] == ["init", "apply", "apply"]


def test_apply_bootstrap_works_on_a_copy_without_an_old_state(tmp_path: Path) -> None:
    home, source, process = tmp_path / "home", tmp_path / "source", FakeProcess()
    stack = source / "terraform" / "bootstrap"
    stack.mkdir(parents=True)
    (home / "logs").mkdir(parents=True)
    for name in ("main.tf", "terraform.tfstate", ".terraform.lock.hcl"):
        (stack / name).touch()
    layout, said = Layout(home), list[str]()

    apply_bootstrap(
        source, layout, Path("/t"), Path("/mirror"), process, {"AWS_ENDPOINT_URL": "http://e"}, said.append, forget
    )

    assert sorted(path.name for path in layout.bootstrap.iterdir()) == [".terraform.lock.hcl", "main.tf"]
    assert [call.argv[:3] for call in process.calls] == [
        ("/t", f"-chdir={layout.bootstrap}", "init"),
        ("/t", f"-chdir={layout.bootstrap}", "apply"),
    ]
    env = process.calls[1].env
    assert env is not None
    assert env["AWS_ENDPOINT_URL"] == "http://e"
    assert 'path    = "/mirror"' in Path(env["TF_CLI_CONFIG_FILE"]).read_text()


def test_apply_bootstrap_says_when_there_is_nothing_to_apply(tmp_path: Path) -> None:
    process, said = FakeProcess(), list[str]()

    apply_bootstrap(tmp_path, Layout(tmp_path), Path("/t"), None, process, {}, said.append, forget)

    assert process.calls == []
    assert "no terraform/bootstrap" in said[0]


def test_must_run_shows_the_end_of_what_a_failed_program_said() -> None:
    failing = FakeProcess(lambda call: Completed(call.argv, 3, "out", "wrong\n"))

    with pytest.raises(DeployError) as raised:
        must_run(failing, ["a", "b", "c", "d"], timeout=1, todo="mend it")

    assert (raised.value.what, raised.value.where, raised.value.todo) == ("return code 3\nwrong", "a b c", "mend it")


def test_find_on_path() -> None:
    assert find_on_path("sh") is not None
    assert find_on_path("no-such-program-here") is None
