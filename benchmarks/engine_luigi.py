"""One of the graphs in Luigi: `python -m benchmarks.engine_luigi GRAPH`, in an environment that has luigi alone."""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import luigi

from benchmarks.engine_graph import graph

WORKERS = 16


class Step(luigi.Task):
    """One step; it is done when its file is there."""

    folder = luigi.Parameter()
    graph = luigi.Parameter()
    key = luigi.Parameter()

    def requires(self) -> list["Step"]:
        """The steps that it waits for."""
        return [Step(self.folder, self.graph, need) for need in graph(self.graph).steps[self.key]]

    def output(self) -> Any:
        """The file that says that it is done."""
        return luigi.LocalTarget(str(Path(self.folder) / self.key))

    def run(self) -> None:
        """Sleep, or do nothing."""
        time.sleep(graph(self.graph).seconds)
        Path(self.folder, self.key).touch()


def main(name: str) -> bool:
    """Run the graph; whether every step was done."""
    with tempfile.TemporaryDirectory(prefix="bench-luigi-") as folder:
        steps = [Step(folder, name, key) for key in graph(name).steps]
        return bool(luigi.build(steps, workers=WORKERS, local_scheduler=True, log_level="WARNING"))


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1]) else 1)
