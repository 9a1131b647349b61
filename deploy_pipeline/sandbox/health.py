"""How a sandbox is: each of its servers, asked."""

from dataclasses import dataclass
from pathlib import Path

from deploy_pipeline.sandbox import emulated_aws
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.processes import ProcessRecord, is_running
from deploy_pipeline.sandbox.servers import bridge_answers, doubles_answer
from deploy_pipeline.sandbox.state import SandboxState, read_state


@dataclass(frozen=True)
class Component:
    """One server. `problem` is empty when it works."""

    name: str
    pid: int
    address: str
    problem: str

    @property
    def works(self) -> bool:
        """It lives and answers."""
        return not self.problem


@dataclass(frozen=True)
class SandboxStatus:
    """`state` is None when there is no sandbox in the folder."""

    state: SandboxState | None
    components: tuple[Component, ...] = ()

    @property
    def works(self) -> bool:
        """A whole sandbox, and every server of it works."""
        return self.state is not None and self.state.ready and all(component.works for component in self.components)


def status(home: Path) -> SandboxStatus:
    """Ask every server of the sandbox in `home`. Changes nothing."""
    state = read_state(Layout(home.resolve()).state_file)
    return SandboxStatus(state, components(state)) if state else SandboxStatus(None)


def components(state: SandboxState) -> tuple[Component, ...]:
    """The servers that the record names, each with what is wrong with it."""
    return tuple(
        Component(name, record.pid, address_of(name, state), _problem(name, record, state))
        for name, record in state.processes.items()
    )


def _problem(name: str, record: ProcessRecord, state: SandboxState) -> str:
    if not is_running(record):
        return "the process is gone"
    return "" if _answers(name, state) else "does not answer"


def _answers(name: str, state: SandboxState) -> bool:
    if name == "ministack":
        return emulated_aws.answers(state.ports["ministack"])
    if name == "bridge":
        return bridge_answers(str(state.bridge_address), state.ports["ministack"])
    if name == "traffic":
        return True  # it asks, and is asked nothing
    return doubles_answer(state.ports["doubles"])


def address_of(name: str, state: SandboxState) -> str:
    """Where a server listens, `host:port`; of the traffic, where it sends its requests."""
    host = state.bridge_address if name == "bridge" else "127.0.0.1"
    return f"{host}:{state.ports['doubles' if name == 'doubles' else 'ministack']}"
