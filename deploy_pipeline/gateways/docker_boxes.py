"""Makes and removes the containers that boxes are. What is in them, and what they may do, is decided elsewhere."""

import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from docker import APIClient
from docker.errors import ImageNotFound

from deploy_pipeline.core.box_container import CA_BUNDLE, CA_VARIABLES, HOME, PLACES, TEMPORARY, Volume, container
from deploy_pipeline.core.box_forwarder import awaited
from deploy_pipeline.core.egress import EgressRules
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.core.isolation import BoxSetup
from deploy_pipeline.gateways import box_leftovers
from deploy_pipeline.gateways.box_owner import BoxOwner
from deploy_pipeline.gateways.clock import Clock
from deploy_pipeline.gateways.docker_box import DockerBox
from deploy_pipeline.gateways.docker_errors import translated
from deploy_pipeline.gateways.egress_proxy import EgressProxy, egress_socket
from deploy_pipeline.gateways.interruptions import TemporaryFolder, to_the_end

START_SECONDS = 60.0
# Programs with certificate authorities of their own are told about the image's: it may trust a private one.
READY = 'mkdir -p "$1" "$2" && if [ -f "$3" ]; then echo "$3"; fi'
OTHERS_MAY_ENTER = stat.S_IROTH | stat.S_IXOTH


class DockerBoxes:
    """Opens boxes on the engine at `host`, from `base_image` where no tools are asked for."""

    def __init__(self, host: str, base_image: str, owner: BoxOwner, clock: Clock, timeout: float = 60.0) -> None:
        self._host = host
        self._base_image = base_image
        self._owner = owner
        self._clock = clock
        self._timeout = timeout
        self._closed = threading.Event()

    @contextmanager
    def box(self, setup: BoxSetup, volume: Volume | None = None) -> Iterator[DockerBox]:
        """A running box, removed when the context ends, however it ends."""
        where = f"box {setup.name}"
        for folder in (setup.checkout, setup.base, setup.providers):
            _check_folder(folder, where)
        self._check_open(where)
        with ExitStack() as stack:
            client = stack.enter_context(self.client(where))
            egress = stack.enter_context(_egress(setup)) if setup.hosts or setup.redirects else None
            path = None if egress is None else egress[0]
            proxy = None if egress is None else egress[1]
            name = stack.enter_context(self._container(client, setup, path, volume))
            box = DockerBox(client, name, self._host, setup.name, setup.limits, self._clock, proxy)
            _make_ready(box, where, connected=proxy is not None)
            yield box

    def remove_leftovers(self) -> int:
        """Remove the boxes of pipelines that were killed; how many."""
        where = "leftovers of boxes"
        with self.client(where) as client, translated(where, self._host):
            return box_leftovers.remove_leftovers(client, self._owner)

    def close(self) -> None:
        """End all boxes of this process, and let none begin any more."""
        self._closed.set()
        where = "boxes of this process"
        with self.client(where) as client, translated(where, self._host):
            box_leftovers.remove_containers(client, self._owner.label)

    @contextmanager
    def client(self, where: str) -> Iterator[APIClient]:
        """A client for one operation: the SDK's session must not be shared by threads."""
        with translated(where, self._host):
            client = APIClient(base_url=self._host, version="auto", timeout=int(self._timeout))
        try:
            yield client
        finally:
            client.close()

    def image_id(self, client: APIClient, image: str, where: str) -> str | None:
        """The id of a local image; None where there is none."""
        with translated(where, self._host):
            try:
                return str(client.inspect_image(image)["Id"])  # type: ignore[no-untyped-call]  # of the stubs
            except ImageNotFound:
                return None

    def _check_open(self, where: str) -> None:
        if self._closed.is_set():
            raise DeployError("no box begins any more: everything is being stopped", where=where, todo="start again")

    @contextmanager
    def _container(
        self, client: APIClient, setup: BoxSetup, egress: str | None, volume: Volume | None
    ) -> Iterator[str]:
        # A name that we choose: the container can be removed even if the answer to its creation never arrives.
        name = f"deploy-pipeline-box-{uuid.uuid4().hex}"
        where = f"box {setup.name}"
        image = setup.tools or self._base_image
        mounted = volume or (Volume(setup.environment) if setup.environment else None)
        try:
            with translated(where, self._host):
                if mounted is not None:
                    # The engine would make an empty volume of that name.
                    client.inspect_volume(mounted.name)
                request = container(setup, image, owner=self._owner.label, egress=egress, volume=mounted)
                client.create_container_from_config(request, name)  # type: ignore[no-untyped-call]  # of the stubs
                # Whoever closed us before has not seen this one yet.
                self._check_open(where)
                client.start(name)
            yield name
        finally:
            with translated(where, self._host):
                to_the_end(partial(box_leftovers.remove_container, client, name))


@contextmanager
def _egress(setup: BoxSetup) -> Iterator[tuple[str, EgressProxy]]:
    """The proxy for one box and its UNIX socket, in a folder that nobody else on this machine may enter."""
    with TemporaryFolder(prefix="deploy-pipeline-egress-") as folder:
        path = f"{folder}/proxy"
        with egress_socket(path, EgressRules(setup.hosts, setup.redirects)) as proxy:
            # The box's user, whom the mounted socket is for, owns nothing here.
            Path(path).chmod(0o666)
            yield path, proxy


def _make_ready(box: DockerBox, where: str, *, connected: bool) -> None:
    if connected and box.run(awaited(), timeout=START_SECONDS, cwd=PLACES.scratch).returncode != 0:
        todo = "see that `base_image` in the spec has python3; the limits in the spec may be too small"
        raise DeployError("the box's way to its proxy did not open", where=where, todo=todo)
    made = box.run(("sh", "-c", READY, "sh", HOME, TEMPORARY, CA_BUNDLE), timeout=START_SECONDS, cwd=PLACES.scratch)
    if made.returncode != 0:
        todo = "see the engine's own log; the limits in the spec may be too small"
        raise DeployError(f"the box did not start: {made.output or made.ending}", where=where, todo=todo)
    if made.stdout.strip() == CA_BUNDLE:
        box.variables = dict.fromkeys(CA_VARIABLES, CA_BUNDLE)


def _check_folder(folder: str, where: str) -> None:
    """The user of a box owns nothing on this machine: it sees what everybody may see."""
    if not folder:
        return
    if not Path(folder).is_dir():
        raise DeployError(f"the folder {folder} does not exist", where=where, todo="run the step again from its start")
    if Path(folder).stat().st_mode & OTHERS_MAY_ENTER != OTHERS_MAY_ENTER:
        todo = f"let everybody read it: chmod -R a+rX {folder}"
        raise DeployError(f"the user of the box cannot read {folder}", where=where, todo=todo)
