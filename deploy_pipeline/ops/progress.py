"""Output of the tools that a step runs, line by line, into the step's own log in the UI."""

import sys


def show(line: str) -> None:
    """Write one line where Dagster captures it: the step's stdout. The event log keeps only what matters."""
    sys.stdout.write(line.rstrip("\n") + "\n")
    sys.stdout.flush()
