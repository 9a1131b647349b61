"""Function folders that exist only here."""

from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.function_source import Files, FunctionSource, SourceInputs, entries_of


class FakeFunctionSource(FunctionSource):
    """`folders` maps the name of a folder to its files."""

    def __init__(self, folders: Mapping[str, Files]) -> None:
        self._folders = dict(folders)
        self.packaged: list[str] = []

    def inputs(self, folder: Path) -> SourceInputs:
        files = self._files(folder)
        requirements = files.get("requirements.txt", (b"", False))[0].decode()
        return SourceInputs(entries_of(files), requirements, {"pip": "1"} if requirements else {})

    def files(self, folder: Path, runtime: str) -> Files:
        self.packaged.append(folder.name)
        return self._files(folder)

    def _files(self, folder: Path) -> Files:
        if folder.name not in self._folders:
            raise DeployError("no such folder", where=folder.name, todo="correct the function's `source`")
        return self._folders[folder.name]
