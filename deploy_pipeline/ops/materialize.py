"""The event that says what was deployed: an asset's materialisation with the digest as its data version."""

from collections.abc import Mapping

import dagster as dg

from deploy_pipeline.core.commit import Commit


def deployed_asset(
    path: list[str], version: str, commit: Commit, run_url: str, metadata: Mapping[str, str | int | dg.MetadataValue]
) -> dg.AssetMaterialization:
    """`version` is a content digest or a version number; links lead to the commit and to the run."""
    links = {"commit": dg.MetadataValue.url(commit.url), "run": dg.MetadataValue.url(run_url)}
    return dg.AssetMaterialization(
        asset_key=dg.AssetKey(path),
        description=f"{commit.short} {commit.title}",
        metadata={**metadata, **links},
        tags={"dagster/data_version": version},
    )
