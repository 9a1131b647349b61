"""Build contexts that are generated, written to a folder, and changed a little."""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "a.py", "b.txt", "é", "-x", "a b"])
FOLDERS = st.sampled_from(["", "src/", "src/deep/", "docs/"])
CONTENTS = st.binary(max_size=4)
MODES = st.sampled_from([0o644, 0o755, 0o600])
PATTERNS = st.sampled_from(
    ["*", "a", "*.py", "!*.py", "**/a", "!src/a", "src", "!src", "docs/*", "!docs/b", "src/**", "# a", "", "  b  ",
     "!**/*.txt", "Dockerfile", ".dockerignore", "/a", "src/", "*/a"],
)  # fmt: skip
DOCKERFILE = b"FROM scratch\nCOPY . /\n"


@dataclass(frozen=True)
class Context:
    """`files` maps a path to content and mode; `links` a path to its target. `ignore` are lines of `.dockerignore`."""

    files: dict[str, tuple[bytes, int]]
    links: dict[str, str] = field(default_factory=dict)
    ignore: tuple[str, ...] | None = None
    dockerfile: bytes = DOCKERFILE

    def write(self, root: Path) -> Path:
        """Write the context to the folder `root`, which it makes."""
        root.mkdir(parents=True)
        for path, (content, mode) in self.files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
            (root / path).chmod(mode)
        for path, target in self.links.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).symlink_to(target)
        (root / "Dockerfile").write_bytes(self.dockerfile)
        if self.ignore is not None:
            (root / ".dockerignore").write_text("\n".join(self.ignore))
        for written in (root, *root.rglob("*")):
            # An image keeps times; a key does not.
            os.utime(written, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
        return root


@st.composite
def contexts(draw: Any) -> Context:
    """A small context."""
    paths = st.builds("{}{}".format, FOLDERS, NAMES)
    files = draw(st.dictionaries(paths, st.tuples(CONTENTS, MODES), max_size=5))
    targets = st.sampled_from(["a", "../a", "src", "./a", "nowhere"])
    links = draw(st.dictionaries(st.builds("{}link{}".format, FOLDERS, st.integers(0, 1)), targets, max_size=2))
    return Context(files, links, draw(st.none() | st.lists(PATTERNS, max_size=4).map(tuple)))


@st.composite
def changed(draw: Any, context: Context) -> Context:
    """The context with something changed, or with nothing."""
    other = draw(contexts())
    path = draw(st.sampled_from(sorted(context.files))) if context.files else "a"
    content, mode = context.files.get(path, (b"", 0o644))
    return draw(  # type: ignore[no-any-return]
        st.sampled_from([
            context,
            replace(context, files=context.files | {path: (content + b"+", mode)}),
            replace(context, files=context.files | {path: (content, mode ^ 0o100)}),
            replace(context, files={name: each for name, each in context.files.items() if name != path}),
            replace(context, files={f"{name}{name == path or ''}": each for name, each in context.files.items()}),
            replace(context, files=dict(reversed(context.files.items()))),
            replace(context, links=other.links),
            replace(context, ignore=other.ignore),
            replace(context, ignore=(*(context.ignore or ()), f"!{path}")),
            replace(context, dockerfile=DOCKERFILE + b"LABEL a=b\n"),
        ])
    )  # fmt: skip
