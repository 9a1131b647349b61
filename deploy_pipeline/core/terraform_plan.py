"""Reading a plan's JSON: what it would change, and a digest of that. No policy, and no values for people to see."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from deploy_pipeline.core.errors import DeployError

ChangeKind = Literal["add", "change", "replace", "destroy", "read", "forget", "none"]

DESTRUCTIVE: tuple[ChangeKind, ...] = ("destroy", "replace")

KINDS: dict[tuple[str, ...], ChangeKind] = {
    ("create",): "add",
    ("update",): "change",
    ("delete",): "destroy",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    # Terraform 1.9's `removed` blocks: the old object stays, unmanaged.
    ("forget",): "forget",
    ("create", "forget"): "replace",
    ("read",): "read",
    ("no-op",): "none",
}


@dataclass(frozen=True)
class ResourceChange:
    """One resource that a plan touches. `attributes` are the names of what differs, never the values.

    `actions` is Terraform's list, such as `("delete", "create")`; `reason` its reason for a replacement, if any.
    """

    address: str
    type: str
    kind: ChangeKind
    actions: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class PlanReading:
    """What a plan would do. A replaced resource counts as `replace` only; reading data counts nowhere.

    `applyable` is Terraform's own word on whether there is anything to apply, outputs included; without it, there is.
    """

    digest: str
    add: int
    change: int
    replace: int
    destroy: int
    changes: tuple[ResourceChange, ...]
    applyable: bool = True


def no_changes() -> PlanReading:
    """A plan in which Terraform finds nothing to apply."""
    return PlanReading(_digest([]), 0, 0, 0, 0, (), applyable=False)


def read_plan(plan: Mapping[str, Any]) -> PlanReading:
    """Read the object that `terraform show -json <plan file>` gives. Raises DeployError for one that is not a plan."""
    if "format_version" not in plan or "planned_values" not in plan:
        raise DeployError("this is not a Terraform plan", where="terraform show", todo="check Terraform's version")
    touched = sorted((c for c in plan.get("resource_changes") or [] if _is_touched(c)), key=_order)
    changes = tuple(_change(item) for item in touched)
    count = {kind: sum(change.kind == kind for change in changes) for kind in ("add", "change", "replace", "destroy")}
    applyable = plan.get("applyable") is not False
    return PlanReading(digest=_digest(touched if applyable else []), changes=changes, applyable=applyable, **count)


def _is_touched(item: Mapping[str, Any]) -> bool:
    moved = item.get("previous_address", item["address"]) != item["address"]
    return tuple(item["change"]["actions"]) != ("no-op",) or moved or bool(item["change"].get("importing"))


def _order(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["address"], item.get("deposed", "")


def _change(item: Mapping[str, Any]) -> ResourceChange:
    actions = tuple(item["change"]["actions"])
    if actions not in KINDS:
        what = f"the plan does {' and '.join(actions)} to {item['address']}, which this version does not know"
        raise DeployError(what, where="terraform show", todo="use a Terraform version that this pipeline supports")
    return ResourceChange(
        address=item["address"],
        type=item["type"],
        kind=KINDS[actions],
        actions=actions,
        attributes=_differing(item["change"]),
        reason=item.get("action_reason", ""),
    )


def _differing(change: Mapping[str, Any]) -> tuple[str, ...]:
    before, after, unknown = (change.get(key) or {} for key in ("before", "after", "after_unknown"))
    if not before or not after:
        return ()
    names = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    return tuple(sorted(names | {name for name, marker in unknown.items() if _has_unknown(marker)}))


def _has_unknown(marker: Any) -> bool:
    if isinstance(marker, dict):
        return any(map(_has_unknown, marker.values()))
    return any(map(_has_unknown, marker)) if isinstance(marker, list) else bool(marker)


def _digest(items: list[Mapping[str, Any]]) -> str:
    """SHA-256 over actions and values, as `sha256:...`: equal for plans that would do the same."""
    return f"sha256:{_hash([_canonical(item) for item in items])}"


def _canonical(item: Mapping[str, Any]) -> dict[str, Any]:
    change = item["change"]
    return {
        "address": item["address"],
        "previous_address": item.get("previous_address"),
        "deposed": item.get("deposed"),
        "actions": change["actions"],
        "before": _without_secrets(change.get("before"), change.get("before_sensitive")),
        "after": _without_secrets(change.get("after"), change.get("after_sensitive")),
        "after_unknown": change.get("after_unknown"),
        "replace_paths": change.get("replace_paths"),
        "importing": change.get("importing"),
    }


def _without_secrets(value: Any, marker: Any) -> Any:
    """`value` with what Terraform marks as sensitive replaced by its hash. `marker` has the shape of `value`."""
    if marker is True:
        return {"sensitive": _hash(value)}
    if isinstance(marker, dict) and isinstance(value, dict):
        return {name: _without_secrets(part, marker.get(name)) for name, part in value.items()}
    if isinstance(marker, list) and isinstance(value, list):
        padded = [*marker, *([None] * (len(value) - len(marker)))]
        return [_without_secrets(part, mark) for part, mark in zip(value, padded, strict=False)]
    return value


def _hash(value: Any) -> str:
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
