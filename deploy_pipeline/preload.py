"""The libraries of runs and of the service, loaded once in the warm server. Imported by nothing else: it is slow."""

import tempfile
from pathlib import Path

import boto3
import dagster as dg
import dagster._core.definitions.repository_definition.repository_data_builder
import dagster._core.system_config.composite_descent
import dagster._core.utility_ops
import dagster._grpc.server
import dagster_webserver.cli
import docker
import githubkit
import slack_sdk

from deploy_pipeline.gateways.aws import read_descriptions
from deploy_pipeline.gateways.certificates import trusted_certificates
from deploy_pipeline.gateways.terraform_lifecycle import load_grammar
from deploy_pipeline.warm.migrations import remember_migrations

LOADED = (boto3, dagster, dagster_webserver, docker, githubkit, slack_sdk)

remember_migrations()
# An instance loads most of Dagster only when it is opened: hundreds of modules of storage. This one is gone at once,
# so that no connection and no thread of it is inherited.
with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "dagster.yaml").touch()
    with dg.DagsterInstance.local_temp(folder):
        pass

read_descriptions()
trusted_certificates()
load_grammar()
