"""A scanner whose findings the test gives."""

from collections.abc import Mapping

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.trivy import ImageScan, Trivy


class FakeTrivy(Trivy):
    """`scans` maps an image's reference to its scan, or to the error that scanning it raises.

    `known` is the program and its database, or the error that asking for them raises.
    """

    def __init__(self, scans: Mapping[str, ImageScan | DeployError]) -> None:
        self._scans = dict(scans)
        self.scanned: list[str] = []
        self.known: str | DeployError = "trivy 1, database of today"

    def knowledge(self) -> str:
        if isinstance(self.known, DeployError):
            raise self.known
        return self.known

    def scan_image(self, reference: str) -> ImageScan:
        self.scanned.append(reference)
        scan = self._scans.get(reference)
        if scan is None:
            raise DeployError(
                "the engine has no such image", where=f"scan of {reference}", todo="build the image again"
            )
        if isinstance(scan, DeployError):
            raise scan
        return scan
