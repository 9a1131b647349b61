"""What every step process needs, loaded once in the fork server. Imported by nothing else: it is slow to import."""

import boto3
import dagster as dg
import docker
import githubkit
import slack_sdk

import deploy_pipeline.definitions

LOADED = (boto3, docker, githubkit, slack_sdk, deploy_pipeline.definitions)

# An instance loads most of Dagster only when it is opened: hundreds of modules of storage. This one is gone at once,
# so that no connection and no thread of it is inherited.
with dg.DagsterInstance.local_temp():
    pass
