"""The commands about approvals, bakes, rollbacks and what was left behind, over a ledger in memory."""

import json
from collections.abc import Callable
from datetime import timedelta

import click
import pytest
from click.testing import CliRunner, Result

from deploy_pipeline.cli import approval_commands, ledger_commands, rollout_commands
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.ledger.approval import Approval, asked
from deploy_pipeline.core.spec import Spec
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.object_store import ObjectStore
from deploy_pipeline.ledger.ear import LedgerEar
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline_tests.ledger.holds import Holding
from deploy_pipeline_tests.samples import a_commit, a_spec

NAME = "deploy-111111111111"
SHOWS = ("main: add aws_sqs_queue.q: was not shown",)


class Environment(Holding):
    """What a command finds behind the environment's settings, where one deployment waits for a person."""

    def __init__(self) -> None:
        super().__init__()
        now = self.clock.now()
        waiting = Approval(
            NAME, a_commit(), "nobody had approved it", "run", now, now + timedelta(hours=1), shows=SHOWS
        )
        self.ledger.change_approvals(lambda found: asked(found, waiting))

    def home_spec(self) -> Spec:
        return a_spec()

    def object_store(self) -> ObjectStore:
        return self.store

    def the_clock(self) -> Clock:
        return self.clock


class Gateways:
    """As the composition has them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self.home_spec, self.object_store = environment.home_spec, environment.object_store
        self.clock = environment.the_clock

    def hold(self, store: ObjectStore, run_id: str, log: Callable[[str], None]) -> Hold:
        return self._environment.hold(run_id)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    made = Environment()
    for module in (approval_commands, ledger_commands, rollout_commands):
        monkeypatch.setattr(module, "gateways_of", lambda _: Gateways(made))
    return made


def called(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_what_waits_is_shown(environment: Environment) -> None:
    said = called(approval_commands.approvals).output
    assert said.startswith(f"{NAME}  Score faster\n  nobody had approved it\n    {SHOWS[0]}\n  waits until ")
    (found,) = json.loads(called(approval_commands.approvals, "--json").stdout)
    assert (found["id"], found["shows"], found["decision"]) == (NAME, list(SHOWS), None)


def test_a_decision_is_kept_with_name_and_reason(environment: Environment) -> None:
    said = called(approval_commands.approve, NAME, "--reason", "seen on the phone", "--by", "grace")
    assert (said.exit_code, said.output) == (0, f"{NAME} is granted, by grace\n")
    assert "granted by grace: seen on the phone" in called(approval_commands.approvals).output
    with pytest.raises(DeployError, match="granted already"):
        called(approval_commands.reject, NAME, "--reason", "no")


def test_a_decision_needs_a_reason(environment: Environment) -> None:
    assert called(approval_commands.reject, NAME).exit_code == 2


def test_nothing_is_left_behind(environment: Environment) -> None:
    assert called(ledger_commands.reconcile).output == "nothing was left behind\n"


def test_what_a_dead_run_left_is_settled(environment: Environment) -> None:
    environment.shifted("1" * 8)
    with pytest.raises(DeployError, match="is changing it"):
        called(ledger_commands.reconcile)
    environment.silence()
    said = json.loads(called(ledger_commands.reconcile, "--json").stdout)
    assert (said["outcome"], environment.serving) == ("abandoned", ("1", {}))


def test_what_cannot_be_returned_is_given_up_with_a_reason(environment: Environment) -> None:
    environment.shifted("1" * 8)
    environment.silence()
    said = called(ledger_commands.reconcile, "--give-up", "seen to by hand").stdout
    assert "failed, given up: seen to by hand" in said
    assert environment.serving != ("1", {})  # as the dead run left it
    assert environment.ledger.head().head.lease is None


def test_a_part_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(DeployError, match="there is no part database"):
        called(ledger_commands.rollback, "--only", "database")


RUN = "2" * 8
WHY = ("--reason", "the numbers are fine", "--by", "grace")


def baking(environment: Environment) -> LedgerEar:
    """A run whose functions bake."""
    ear = LedgerEar(environment.begun(RUN), "functions", environment.lines.append)
    ear.open()
    return ear


def test_promote_now_ends_the_bake_that_goes_on(environment: Environment) -> None:
    ear = baking(environment)
    said = json.loads(called(rollout_commands.promote, "--now", *WHY, "--json").stdout)
    name = f"{a_commit().sha[:12]}-{RUN}"
    assert said == {
        "deployment": name, "run_id": RUN, "decision": "promote", "by": "grace", "reason": "the numbers are fine",
        "bakes": ["functions"],
    }  # fmt: skip
    word = ear.heard()
    assert word is not None
    assert (word.what, word.by) == ("promote", "grace")
    assert "functions: promote, by grace: the numbers are fine" in environment.lines


def test_decide_returns_what_bakes_in_a_run(environment: Environment) -> None:
    ear = baking(environment)
    said = called(rollout_commands.decide, RUN, "roll-back", *WHY).output
    assert said == f"{a_commit().sha[:12]}-{RUN}, functions: roll-back, by grace: the numbers are fine\n"
    word = ear.close()
    assert word is not None
    assert word.what == "roll_back"
    with pytest.raises(DeployError, match="nothing bakes in"):
        called(rollout_commands.decide, RUN, "promote", *WHY)


def test_there_is_nothing_to_promote_yet(environment: Environment) -> None:
    with pytest.raises(DeployError, match="nothing is being deployed now"):
        called(rollout_commands.promote, "--now", *WHY)
    environment.begun(RUN)
    with pytest.raises(DeployError, match=f"run {RUN}: nothing bakes in .* now: there is nothing to promote"):
        called(rollout_commands.promote, "--now", *WHY)
    with pytest.raises(DeployError, match=f"run another deploys nothing now; .*{RUN}.* is being deployed"):
        called(rollout_commands.promote, "--now", "--run", "another", *WHY)


@pytest.mark.parametrize("arguments", [("--reason", "fine"), ("--now",)])
def test_promote_says_now_and_why(environment: Environment, arguments: tuple[str, ...]) -> None:
    baking(environment)
    assert called(rollout_commands.promote, *arguments).exit_code == 2


def test_a_bake_goes_on_while_the_ledger_cannot_be_read(environment: Environment) -> None:
    ear = baking(environment)
    called(rollout_commands.promote, "--now", *WHY)
    environment.store.outage = DeployError("SlowDown", where="s3", retryable=True)
    assert ear.heard() is None
    environment.store.outage = None
    assert ear.heard() is not None
