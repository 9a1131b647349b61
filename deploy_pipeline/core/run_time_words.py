"""The account of a run's time as people and scripts read it: one sentence, a table, and plain values for JSON."""

from typing import Any

from deploy_pipeline.core.run_time import WORK, Account


def summary(account: Account) -> str:
    """The account in one sentence."""
    waits = {kind: seconds for kind, seconds in account.spent.items() if kind != WORK}
    parts = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in sorted(waits.items(), key=lambda item: -item[1]))
    said = f"{account.wall:.1f} s: worked {account.working:.1f} s, waited {account.waiting:.1f} s"
    said += f" ({parts})" if parts else ""
    if account.reused:
        said += f"; {len(account.reused)} stages reused, {account.saved_seconds:.1f} s of work saved"
    return said


def path_rows(account: Account) -> list[dict[str, str | float]]:
    """The time from the run's creation to its end in order: when a piece began and how long it was, in seconds."""
    return [
        {
            "at": round(leg.begin - account.facts.created, 2),
            "seconds": round(leg.seconds, 2),
            "what": leg.kind,
            "step": leg.step or "-",
        }
        for leg in account.legs
    ]


def reused_rows(account: Account) -> list[dict[str, str | float]]:
    """The stages that were not done again."""
    return [
        {"step": each.step, "from": each.commit, "saved seconds": round(each.saved_seconds, 2), "why": each.why}
        for each in account.reused
    ]


def numbers(account: Account) -> dict[str, float]:
    """The account's sums, in seconds."""
    own = {
        "wall": account.wall,
        "working": account.working,
        "waiting": account.waiting,
        "all steps": account.step_seconds,
        "saved": account.saved_seconds,
    }
    return {name: round(seconds, 2) for name, seconds in own.items()}


def plain(account: Account) -> dict[str, Any]:
    """Everything, as JSON carries it. All times are seconds; `at` counts from the run's creation."""
    facts = account.facts
    return {
        "run": facts.run_id,
        "job": facts.job,
        "status": facts.status,
        "seconds": numbers(account),
        "spent": {kind: round(seconds, 2) for kind, seconds in account.spent.items()},
        "critical path": list(account.path),
        "pieces": path_rows(account),
        "steps": {step.name: round(step.worked, 2) for step in facts.steps},
        "reused": reused_rows(account),
    }
