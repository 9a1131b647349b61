"""Where a sandbox keeps its things, and the names by which its processes and containers are known. No I/O."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

MARKER = "DEPLOY_PIPELINE_SANDBOX"


@dataclass(frozen=True)
class Layout:
    """The folder `home` (absolute) belongs to one sandbox alone."""

    home: Path

    @property
    def identity(self) -> str:
        """Eight hexadecimal digits that follow from the folder, so that leftovers are found without any record."""
        return hashlib.sha256(str(self.home).encode()).hexdigest()[:8]

    @property
    def marker(self) -> str:
        """An environment entry that every process of this sandbox carries, and its children with it."""
        return f"{MARKER}={self.identity}"

    @property
    def host_name(self) -> str:
        """What MiniStack calls itself; with its port it is the label of the containers that it makes."""
        return f"deploy-pipeline-{self.identity}"

    @property
    def state_file(self) -> Path:
        """The sandbox's record; see `state`."""
        return self.home / "sandbox.json"

    @property
    def daemon_file(self) -> Path:
        """The Docker engine's process, when it was started for this sandbox: it outlives `down`."""
        return self.home / "dockerd.json"

    @property
    def preferred_port(self) -> int:
        """MiniStack's port when it is free, and one below the doubles': the same after every `down` and `up`.

        Below the range from which Linux takes ports for outgoing connections.
        """
        return 20000 + int(self.identity, 16) % 6000 * 2

    @property
    def traffic_plan(self) -> Path:
        """What the traffic generator reads before each minute."""
        return self.home / "traffic.json"

    @property
    def lock(self) -> Path:
        """Held while the sandbox is brought up or down."""
        return self.home / "lock"

    @property
    def ministack(self) -> Path:
        """MiniStack's own files."""
        return self.home / "ministack"

    @property
    def doubles(self) -> Path:
        """The repositories and records of the doubles."""
        return self.home / "doubles"

    @property
    def bootstrap(self) -> Path:
        """A copy of terraform/bootstrap, with its state."""
        return self.home / "bootstrap"

    @property
    def cli_configuration(self) -> Path:
        """Terraform's CLI configuration, where a provider mirror is used."""
        return self.home / "terraformrc"

    @property
    def trivy_cache(self) -> Path:
        """Trivy's cache folder; its database is in `db/`."""
        return self.home / "trivy-cache"

    @property
    def work(self) -> Path:
        """The pipeline's own work folder."""
        return self.home / "work"

    @property
    def box_owners(self) -> Path:
        """Where the pipeline keeps which of its processes own boxes (`gateways.box_owner`)."""
        return self.work / "isolation" / "owners"

    def log(self, name: str) -> Path:
        """A process's output."""
        return self.home / "logs" / f"{name}.log"
