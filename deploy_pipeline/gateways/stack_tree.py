"""The files that decide a stack's plan: its folder, and whatever in the checkout it may look into."""

import os
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from deploy_pipeline.core import terraform_cli, terraform_doubts
from deploy_pipeline.core.content_key import Tree
from deploy_pipeline.gateways.terraform_files import NOT_COPIED_NAMES
from deploy_pipeline.gateways.tree_entries import below, tree_of


def stack_tree(checkout: Path, directory: str, variables: str) -> Tree:
    """The tree of the stack `directory`; `variables` is the text of those that it is given, which may hold paths."""
    root = checkout.resolve()
    if not (root / directory / terraform_cli.LOCK_FILE).is_file():
        return Tree((), f"{directory} has no {terraform_cli.LOCK_FILE}: its providers may change")
    walk = _Walk(root, directory)
    for upward in terraform_doubts.upward_paths("given.tfvars", variables):
        walk.lead([directory], upward.path)
    walk.run()
    return Tree((), walk.doubts[0]) if walk.doubts else tree_of(root, walk.counted)


class _Walk:
    """Follows paths out of the stack's folder until nothing new comes."""

    def __init__(self, root: Path, directory: str) -> None:
        self._root = root
        self._directory = directory
        self._todo = [directory]
        self._known = {directory}
        self.counted: set[str] = set()
        self.doubts: list[str] = []

    def run(self) -> None:
        while self._todo and not self.doubts:
            for path in below(self._root, self._todo.pop(), frozenset({".git"})):
                if path not in self.counted and not self._is_left_out(path):
                    self.counted.add(path)
                    self._look_into(path)

    def lead(self, folders: list[str], path: str) -> None:
        """Count what `path` leads to from each of the folders; where it is from none, the nearest folder above."""
        targets = [Path(os.path.normpath(self._root / folder / path)) for folder in folders]
        there = [target for target in targets if os.path.lexists(target)]
        for target in there or map(_nearest, targets):
            if not target.is_relative_to(self._root):
                self.doubts.append(f"{folders[0]} has a path that leads out of the repository: {path}")
                return
            path_there = target.relative_to(self._root).as_posix()
            if path_there not in self._known:
                self._known.add(path_there)
                self._todo.append(path_there)

    def _is_left_out(self, path: str) -> bool:
        """What is not copied to where Terraform runs."""
        inside = PurePosixPath(path).parts[len(PurePosixPath(self._directory).parts) :]
        if not PurePosixPath(path).is_relative_to(self._directory):
            return False
        return any(fnmatch(part, name) for part in inside for name in NOT_COPIED_NAMES)

    def _look_into(self, path: str) -> None:
        file = self._root / path
        folder = PurePosixPath(path).parent.as_posix()
        if file.is_symlink():
            self._follow(folder, file.readlink())
        elif file.is_file():
            text = file.read_text(errors="replace")
            self.doubts.extend(f"{path} {doubt}" for doubt in terraform_doubts.doubts_of(file.name, text))
            for upward in terraform_doubts.upward_paths(file.name, text):
                self.lead([folder] if upward.of_module else [folder, self._directory], upward.path)

    def _follow(self, folder: str, target: Path) -> None:
        if target.is_absolute():
            self.doubts.append(f"{folder} has a link out of the repository: {target}")
        else:
            self.lead([folder], str(target))


def _nearest(target: Path) -> Path:
    while not os.path.lexists(target):
        target = target.parent
    return target
