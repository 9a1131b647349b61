"""The steps that bring a sandbox up, or mend one of which a part has died. What works is left alone."""

import shutil
from datetime import UTC
from functools import partial
from importlib.resources import as_file, files
from typing import Any

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.process import minimal_environment
from deploy_pipeline.sandbox import emulated_aws, health
from deploy_pipeline.sandbox.bootstrap import apply_bootstrap
from deploy_pipeline.sandbox.containers import remove_own_containers
from deploy_pipeline.sandbox.engine import bridge_address
from deploy_pipeline.sandbox.github_double.repositories import find_repository
from deploy_pipeline.sandbox.github_double.seed import create_repository
from deploy_pipeline.sandbox.layout import Layout
from deploy_pipeline.sandbox.machine import Machine, Surroundings, prepare_machine
from deploy_pipeline.sandbox.package_index import index_hosts, pip_settings
from deploy_pipeline.sandbox.pipeline_environment import pipeline_environment, versions
from deploy_pipeline.sandbox.ports import LOOPBACK, free_port, is_local
from deploy_pipeline.sandbox.processes import ProcessRecord
from deploy_pipeline.sandbox.servers import Servers
from deploy_pipeline.sandbox.source import Source
from deploy_pipeline.sandbox.state import SandboxState, write_state
from deploy_pipeline.sandbox.teardown import stop_servers
from deploy_pipeline.sandbox.traffic.plan import plan_of


class BringUp:
    """One run of `up`. `state` is what the record says so far; it is written after every step."""

    def __init__(self, layout: Layout, source: Source, around: Surroundings, state: SandboxState | None) -> None:
        self._layout = layout
        self._source = source
        self._around = around
        self._servers = Servers(layout, around.environment, around.clock)
        self._region = source.spec.aws.region
        self.state = state or SandboxState(home=layout.home, started=around.clock.now().astimezone(UTC))

    def run(self) -> SandboxState:
        """Take all steps."""
        self._drop_what_is_broken()
        machine = self._ready_machine()
        self._ensure_repository()
        self._ensure_doubles()
        self._ensure_ministack(machine)
        self._ensure_bridge(machine)
        self._ensure_traffic()
        hosts = index_hosts(pip_settings(self._around.process, self._around.environment))
        env = pipeline_environment(self._layout, self.state, machine, self._region, hosts)
        self._record(env=env, versions=versions(machine, self._around.process), ready=True)
        return self.state

    def _drop_what_is_broken(self) -> None:
        if not self.state.ready:
            stop_servers(self._layout, self.state, (), self._around)
            self._record(processes={})
            return
        broken = {part.name for part in health.components(self.state) if not part.works}
        if "ministack" in broken:
            broken |= {"bridge", "traffic"}  # MiniStack may have to move to another port
        if broken:
            self._around.progress(f"Mending the sandbox: {' and '.join(sorted(broken))} to be started again")
        kept = [record for name, record in self.state.processes.items() if name not in broken]
        stop_servers(self._layout, self.state, kept, self._around)
        self.state = self.state.without_servers(broken)
        self._record(ready=False)

    def _ready_machine(self) -> Machine:
        machine = prepare_machine(self._around, self._layout, self._source.base_images)
        if not (self._layout.trivy_cache / "db").is_dir():
            with as_file(files("deploy_pipeline.sandbox") / "data" / "trivy-db") as database:
                shutil.copytree(database, self._layout.trivy_cache / "db")
        self._layout.work.mkdir(exist_ok=True)
        return machine

    def _ensure_repository(self) -> None:
        name = self._source.spec.repository.name
        if found := find_repository(self._layout.doubles, name):
            self._record(commit=found.branch_head(self._source.spec.repository.branch))
            self._around.progress(f"Keeping the sandbox's repository {name} as it is (`down --purge` removes it)")
            return
        if not (self._source.folder / ".git").exists() and self._layout.home.is_relative_to(self._source.folder):
            todo = "make it a git repository (`git init`), or give the sandbox another folder with --home"
            what = "is not a git checkout, and the sandbox's own folder is in it"
            raise DeployError(what, where=str(self._source.folder), todo=todo)
        self._around.progress(f"Making the repository {name} from {self._source.folder}")
        self._record(commit=create_repository(self._layout.doubles, name, self._source.folder))

    def _ensure_ministack(self, machine: Machine) -> None:
        if "ministack" in self.state.processes:
            return
        remove_own_containers(machine.engine.client, self._layout)
        address = bridge_address(machine.engine.client)
        bridge = address if is_local(address) else None
        preferred = self.state.ports.get("ministack", self._layout.preferred_port)
        port = free_port([LOOPBACK, *([bridge] if bridge else [])], preferred)
        self._record(bridge_address=bridge, ports={**self.state.ports, "ministack": port})
        self._around.progress(f"Starting MiniStack on port {port}")
        # A forced end of MiniStack leaves its functions' code behind.
        shutil.rmtree(self._layout.ministack, ignore_errors=True)
        self._add_server("ministack", self._servers.start_ministack(machine.toolbox, port))
        self._prepare_account(machine, port)

    def _prepare_account(self, machine: Machine, port: int) -> None:
        aws = emulated_aws.aws_environment(port, self._region)
        around = self._around
        environment = {**minimal_environment(around.environment), **aws}  # no account of this machine's user
        apply_bootstrap(
            self._source.folder,
            self._layout,
            machine.terraform.path,
            machine.mirror,
            around.process,
            environment,
            around.progress,
            partial(emulated_aws.empty_account, port),
        )
        if self._source.sender:
            emulated_aws.verify_sender(self._source.sender, port, self._region)
        self._record(knowledge_base_id=emulated_aws.create_knowledge_base(port, self._region))

    def _ensure_bridge(self, machine: Machine) -> None:
        address, port = self.state.bridge_address, self.state.ports["ministack"]
        if address is None:
            said = f"{bridge_address(machine.engine.client)} is not an address of this machine"
            self._around.progress(f"No bridge for containers: {said}, the engine has to forward host.docker.internal")
        elif "bridge" not in self.state.processes:
            self._around.progress(f"Starting the bridge for containers on {address}:{port}")
            self._add_server("bridge", self._servers.start_bridge(address, port))

    def _ensure_traffic(self) -> None:
        if "traffic" in self.state.processes:
            return
        plan = plan_of(self._source.spec, self.state.started)
        if not (plan.functions or plan.services):
            return
        write_state(self._layout.traffic_plan, plan)
        what = f"{len(plan.functions)} functions, in minutes of a second each, and {len(plan.services)} services"
        self._around.progress(f"Starting requests to {what}")
        self._add_server("traffic", self._servers.start_traffic(self.state.ports["ministack"], self._region))

    def _ensure_doubles(self) -> None:
        if "doubles" in self.state.processes:
            return
        preferred = self.state.ports.get("doubles", self._layout.preferred_port + 1)
        port = free_port([LOOPBACK], preferred)
        self._record(ports={**self.state.ports, "doubles": port})
        self._around.progress(f"Starting the doubles of GitHub, Slack and OSV on port {port}")
        self._add_server("doubles", self._servers.start_doubles(port))

    def _add_server(self, name: str, record: ProcessRecord) -> None:
        self.state = self.state.with_server(name, record)
        self._record()

    def _record(self, **changes: Any) -> None:
        self.state = self.state.model_copy(update=changes)
        write_state(self._layout.state_file, self.state)
