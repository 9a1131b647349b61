"""The plan that is kept for people and for the cost check: what changes, without sensitive values and without state.

Terraform marks what its providers and variables declare as sensitive. An attribute that nobody declared so, or that the
pull request declares `nonsensitive`, is not masked.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from deploy_pipeline.core.checks.assessment import Report

MASK = "(sensitive value)"
PREFIX, SUFFIX = "plan-", ".json"
# Not here: `prior_state` and `checks`. What Terraform adds in future versions is not kept before it is known.
KEPT = ("format_version", "terraform_version", "configuration", "applyable", "complete", "errored")


def report_name(stack: str) -> str:
    """The name of a stack's kept plan."""
    return f"{PREFIX}{stack}{SUFFIX}"


def plan_reports(reports: Iterable[Report]) -> dict[str, bytes]:
    """The kept plans among a check's reports: stack -> masked JSON."""
    plans = {report.name: report.content for report in reports}
    return {
        name.removeprefix(PREFIX).removesuffix(SUFFIX): content
        for name, content in plans.items()
        if name.startswith(PREFIX) and name.endswith(SUFFIX)
    }


def masked_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What `terraform show -json` gives, without sensitive values, state, variables and outputs.

    Raises KeyError, TypeError or AttributeError for what is not a plan.
    """
    planned = plan["planned_values"]
    return {
        **{name: plan[name] for name in KEPT if name in plan},
        "variables": {name: {} for name in plan.get("variables") or {}},
        "planned_values": {
            "outputs": {name: _output(each) for name, each in (planned.get("outputs") or {}).items()},
            "root_module": _module(planned.get("root_module") or {}),
        },
        "resource_changes": [_changing(each) for each in plan.get("resource_changes") or []],
        "resource_drift": [_changing(each) for each in plan.get("resource_drift") or []],
        "output_changes": {name: _output_change(each) for name, each in (plan.get("output_changes") or {}).items()},
    }


def _output(output: Mapping[str, Any]) -> dict[str, Any]:
    return {**output, "value": MASK}


def _output_change(change: Mapping[str, Any]) -> dict[str, Any]:
    return {name: MASK if name in {"before", "after"} else part for name, part in _change(change).items()}


def _module(module: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: module[name] for name in ("address",) if name in module},
        "resources": [_resource(each) for each in module.get("resources") or []],
        "child_modules": [_module(each) for each in module.get("child_modules") or []],
    }


def _resource(resource: Mapping[str, Any]) -> dict[str, Any]:
    return {**resource, "values": _masked(resource.get("values"), resource.get("sensitive_values"))}


def _changing(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**item, "change": _change(item["change"])}


def _change(change: Mapping[str, Any]) -> dict[str, Any]:
    masked = {side: _masked(change.get(side), change.get(f"{side}_sensitive")) for side in ("before", "after")}
    # A configuration that is generated for an import repeats its values.
    return {name: value for name, value in {**change, **masked}.items() if name != "generated_config"}


def _masked(value: Any, marker: Any) -> Any:
    """`value` with what `marker`, which has its shape, says is sensitive replaced."""
    if marker is True:
        return MASK
    if isinstance(marker, Mapping) and isinstance(value, Mapping):
        return {name: _masked(part, marker.get(name)) for name, part in value.items()}
    if isinstance(marker, list) and isinstance(value, list):
        padded = [*marker, *([None] * (len(value) - len(marker)))]
        return [_masked(part, mark) for part, mark in zip(value, padded, strict=False)]
    return value
