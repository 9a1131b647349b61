"""Runs that hold an environment, over a world in memory."""

from deploy_pipeline.core.ledger.deployment import FunctionMove
from deploy_pipeline.gateways.functions import AliasState
from deploy_pipeline.gateways.ledger import Ledger
from deploy_pipeline.ledger.hold import Hold
from deploy_pipeline.ledger.lease import LIMIT_SECONDS, LeaseLimit
from deploy_pipeline.ledger.settlement import Settlement
from deploy_pipeline.ledger.stack_lock import StackLock
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_ecr import FakeEcr
from deploy_pipeline_tests.fakes.fake_functions import FakeFunctions
from deploy_pipeline_tests.fakes.fake_load_balancers import FakeLoadBalancers
from deploy_pipeline_tests.fakes.fake_object_store import FakeObjectStore
from deploy_pipeline_tests.fakes.fake_services import FakeServices
from deploy_pipeline_tests.fakes.fake_terraform import FakeTerraform
from deploy_pipeline_tests.fakes.fake_web import FakeWeb
from deploy_pipeline_tests.samples import a_commit, a_spec

MOVE = FunctionMove("score", "ml-score", "live", "1", "2")
ALIAS = ("ml-score", "live")


class Holding:
    """One environment whose function `ml-score` has the versions 1, which serves, and 2."""

    def __init__(self) -> None:
        self.store, self.clock = FakeObjectStore(), FakeClock()
        self.ledger = Ledger.of(self.store, a_spec())
        self.functions = FakeFunctions({"ml-score": ("one", "two")}, {ALIAS: AliasState("1", "r", {})})
        self.terraform = FakeTerraform(plans={})
        self.lines: list[str] = []
        self.holds: list[Hold] = []

    def hold(self, run_id: str, limit: float = LIMIT_SECONDS) -> Hold:
        locks = StackLock(self.store, self.terraform, self.clock, self.lines.append)
        settlement = Settlement(
            self.ledger, self.functions, FakeServices({}), FakeLoadBalancers(), FakeEcr({}), FakeWeb({}), locks,
            self.clock, self.lines.append,
        )  # fmt: skip
        made = Hold(self.ledger, lambda: settlement, self.clock, run_id, self.lines.append, LeaseLimit(limit))
        self.holds.append(made)
        return made

    def begun(self, run_id: str) -> Hold:
        """A run that has begun to deploy."""
        made = self.hold(run_id)
        made.begin(a_commit())
        return made

    def shifted(self, run_id: str) -> Hold:
        """A run that has sent a part of the traffic to the new version."""
        made = self.begun(run_id)
        made.move_functions([MOVE])
        self.split(made)
        return made

    def split(self, hold: Hold) -> None:
        now = self.functions.alias(*ALIAS)
        hold.fenced(self.functions).split_alias(
            *ALIAS, version="1", candidate="2", weight=0.1, revision_id=now.revision_id
        )

    def silence(self) -> None:
        """As if the holder of the lease had given no sign of life for longer than the limit."""
        self.store.ages["ledger", self.ledger.head_key] = LIMIT_SECONDS + 1

    @property
    def serving(self) -> tuple[str, dict[str, float]]:
        now = self.functions.alias(*ALIAS)
        return now.version, now.routing
