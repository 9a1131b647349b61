"""Function folders that exist only here."""

from collections.abc import Mapping
from pathlib import Path

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.function_source import Files, FunctionSource


class FakeFunctionSource(FunctionSource):
    """`folders` maps the name of a folder to its files."""

    def __init__(self, folders: Mapping[str, Files]) -> None:
        self._folders = dict(folders)

    def files(self, folder: Path, runtime: str) -> Files:
        if folder.name not in self._folders:
            raise DeployError("no such folder", where=folder.name, todo="correct the function's `source`")
        return self._folders[folder.name]
