"""One line of `deploy-pipeline doctor`: what was looked at, how it is, and how to mend it. Data only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from deploy_pipeline.gateways.process import Process
from deploy_pipeline.sandbox.programs import Find, find_on_path
from deploy_pipeline.settings import Settings

Outcome = Literal["ok", "missing", "skipped"]


@dataclass(frozen=True)
class Check:
    """`todo` is given exactly when the outcome is `missing`."""

    name: str
    outcome: Outcome
    detail: str
    todo: str = ""


@dataclass(frozen=True)
class Inspected:
    """What the checks look at. They change nothing of it."""

    environment: Mapping[str, str]
    settings: Settings
    process: Process
    sandbox_home: Path
    find: Find = field(default=find_on_path)


Ask = Callable[[Inspected], Check]


def ok(name: str, detail: str) -> Check:
    """It is as it should be."""
    return Check(name, "ok", detail)


def missing(name: str, detail: str, todo: str) -> Check:
    """Something has to be done."""
    return Check(name, "missing", detail, todo)


def skipped(name: str, detail: str) -> Check:
    """Not needed here, or not to be found out."""
    return Check(name, "skipped", detail)
