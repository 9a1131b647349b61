"""Names of what is deployed: `[environment, kind, name]`, the same for the declaration and for the event."""

from typing import Literal

from deploy_pipeline.core.spec import Spec

AssetKind = Literal["image", "terraform", "function", "service"]


def asset_path(environment: str, kind: AssetKind, name: str) -> list[str]:
    """The path of one deployed thing's asset key. Dagster allows letters, digits and underscores."""
    return [environment.replace("-", "_"), kind, name]


def run_time_path(environment: str, job: str) -> list[str]:
    """The path under which the times of a job's runs are kept."""
    return [environment.replace("-", "_"), "run_time", job]


def rollout_path(environment: str) -> list[str]:
    """The path under which rollouts are shown while they go on."""
    return [environment.replace("-", "_"), "release", "rollout"]


def release_path(environment: str) -> list[str]:
    """The path of what serves."""
    return [environment.replace("-", "_"), "release", "live"]


def asset_lineage(spec: Spec) -> list[tuple[list[str], list[list[str]]]]:
    """Every asset of a spec with those that it is made from: images feed stacks, stacks feed functions and services.

    The release is made from all of them.
    """
    environment = spec.environment
    images = {name: asset_path(environment, "image", name) for name in spec.images}
    stacks = [asset_path(environment, "terraform", name) for name in spec.terraform]
    lineage: list[tuple[list[str], list[list[str]]]] = [(path, []) for path in images.values()]
    lineage += [(path, list(images.values())) for path in stacks]
    lineage += [(asset_path(environment, "function", name), stacks) for name in spec.functions]
    lineage += [
        (asset_path(environment, "service", name), [images[service.image], *stacks])
        for name, service in spec.services.items()
    ]
    return [*lineage, (release_path(environment), [path for path, _ in lineage])]
