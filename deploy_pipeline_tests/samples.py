"""Values that many tests start from. Each is a plain, complete example; tests change what they are about."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from deploy_pipeline.core.candidate import (
    AppliedStack,
    Candidate,
    Deployed,
    DeployedFunction,
    DeployedService,
    PackagedFunction,
    PushedImage,
)
from deploy_pipeline.core.commit import Commit
from deploy_pipeline.core.spec import Spec

SHA = "1" * 40
DIGEST = "sha256:" + "d" * 64
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

SPEC: dict[str, Any] = {
    "version": 1,
    "environment": "production",
    "repository": {"name": "acme/engagement-ml", "branch": "main"},
    "aws": {"region": "us-east-1", "artifact_bucket": "artifacts", "ledger_bucket": "ledger"},
    "images": {"inference": {"repository": "ml/inference", "context": "fargate/inference"}},
    "functions": {"data_prep": {"function_name": "ml-data-prep", "source": "lambda/data_prep"}},
    "services": {
        "inference": {
            "cluster": "ml",
            "service": "ml-inference",
            "task_family": "ml-inference",
            "container": "inference",
            "image": "inference",
            "port": 8080,
        }
    },
    "terraform": {
        "main": {
            "directory": "terraform/main",
            "backend": {"bucket": "state", "key": "main.tfstate", "region": "us-east-1"},
            "image_variable": "image_uris",
            "package_variable": "package_keys",
            "variables": {"artifact_bucket": "artifacts"},
        }
    },
    "smoke_tests": [
        {"name": "data-prep", "kind": "function", "function": "data_prep", "expect": {"body_contains": "s3_path"}},
        {"name": "service", "kind": "service", "service": "inference", "path": "/health"},
        {"name": "api", "kind": "http", "stack": "main", "url_output": "api_url", "path": "/v1/health",
         "api_key_output": "api_key_id"},
        {"name": "kb", "kind": "knowledge_base", "stack": "main", "id_output": "kb_id", "query": "why?"},
    ],
    "notifications": {
        "slack": {"channel": "#engineering"},
        "email": {"sender": "deploy@example.com", "recipients": ["team@example.com"]},
    },
}  # fmt: skip


def a_spec(**changes: Any) -> Spec:
    """A whole spec with one of everything; `changes` replace top-level parts."""
    return Spec.model_validate(SPEC | changes)


def a_commit(**changes: Any) -> Commit:
    """A merge commit of pull request 7."""
    commit = Commit(
        sha=SHA,
        message="Score faster\n\nBecause it was slow.",
        author="ada",
        committed_at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        url=f"https://github.com/acme/engagement-ml/commit/{SHA}",
        pull_request=7,
    )
    return replace(commit, **changes)


def a_candidate(spec: Spec | None = None, **changes: Any) -> Candidate:
    """A candidate of the sample commit."""
    return Candidate(a_commit(**changes), spec or a_spec())


def a_pushed_image(**changes: Any) -> PushedImage:
    """The inference image in the registry."""
    return replace(PushedImage("inference", "ml/inference", f"{REGISTRY}/ml/inference", DIGEST, SHA), **changes)


def a_package() -> PackagedFunction:
    """The data_prep package in the artefact bucket."""
    return PackagedFunction("data_prep", "artifacts", "packages/data_prep/abc.zip", "c2hhMjU2", 100)


def a_deployed(candidate: Candidate | None = None) -> Deployed:
    """Everything of the sample spec, in place."""
    outputs = {"api_url": "https://x.execute-api.us-east-1.amazonaws.com/v1", "api_key_id": "key1", "kb_id": "KB1"}
    task = "arn:aws:ecs:us-east-1:123456789012:task-definition/ml-inference:"
    return Deployed(
        candidate=candidate or a_candidate(),
        images=(a_pushed_image(),),
        stacks=(AppliedStack("main", 4, "line-age", 12, outputs, "plan-digest"),),
        functions=(DeployedFunction("data_prep", "ml-data-prep", "live", "3", "2", "c2hhMjU2"),),
        services=(
            DeployedService("inference", "ml-inference", "ml", f"{task}2", f"{task}1", a_pushed_image().pinned, 1),
        ),
        packages=(a_package(),),
    )
