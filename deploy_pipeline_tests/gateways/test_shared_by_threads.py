"""Real gateways, each made once and used by many threads at a time, as the steps of a run do."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from deploy_pipeline.gateways.aws import AwsSettings, client
from deploy_pipeline.gateways.ecr import AwsEcr
from deploy_pipeline.gateways.object_store import S3ObjectStore
from deploy_pipeline_tests.gateways.git_case import Repository, local

T = TypeVar("T")
THREADS = 8
COMMITS = 4


def at_once(*calls: Callable[[], T]) -> list[T]:
    """The answers of calls that begin at the same moment, each in a thread of its own."""
    ready = threading.Barrier(len(calls))

    def begin(call: Callable[[], T]) -> T:
        ready.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(begin, call) for call in calls]]


def test_threads_check_out_the_same_and_different_commits(tmp_path: Path) -> None:
    remote = Repository(tmp_path / "remote")
    commits = [remote.commit({"a.txt": str(number), f"{number}.txt": "x"}) for number in range(COMMITS)]
    git = local(tmp_path / "work")
    wanted = [sha for sha in commits for _ in range(THREADS // COMMITS)]
    folders = at_once(*(lambda sha=sha: git.checkout(remote.url, sha) for sha in wanted))
    for sha, folder in zip(wanted, folders, strict=True):
        assert folder == tmp_path / "work" / "checkouts" / sha
        assert (folder / "a.txt").read_text() == str(commits.index(sha))
    left = {path.name for path in (tmp_path / "work" / "checkouts").iterdir()}
    assert left == set(commits)


def test_threads_compare_commits(tmp_path: Path) -> None:
    remote = Repository(tmp_path / "remote")
    first, second = remote.commit({"a.txt": "1"}), remote.commit({"a.txt": "2"})
    git = local(tmp_path / "work")
    git.checkout(remote.url, second)
    found = at_once(*[lambda: (git.merge_base(first, second), git.changes(first, second))] * THREADS)
    assert len(set(found)) == 1
    assert found[0][0] == first


AWS_CLIENTS = """
import os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from deploy_pipeline.composition import gateways_of
gateways = gateways_of(os.environ)
names = "ecr functions services load_balancers object_store api_gateway knowledge_bases mail".split()
ready = threading.Barrier(len(names) + 1)
def make(name):
    ready.wait()
    made = getattr(gateways, name)()
    return made.exists("bucket", "key") if name == "object_store" else type(made).__name__
def engine():
    ready.wait()
    return gateways.docker_engine()
with ThreadPoolExecutor(len(names) + 1) as pool:
    made = [pool.submit(make, name) for name in names] + [pool.submit(engine)]
    print(*sorted(str(future.result()) for future in made if future is not made[-1]))
"""


def test_threads_of_a_new_process_make_every_client(aws: AwsSettings) -> None:
    """Nothing is imported yet there: the libraries are loaded by several threads at once."""
    client(aws, "s3").create_bucket(Bucket="bucket")
    own = {
        "AWS_ENDPOINT_URL": aws.endpoint_url or "",
        "DEPLOY_PIPELINE_AWS_REGION": aws.region,
        "AWS_REGION": aws.region,
    }
    command = [sys.executable, "-c", AWS_CLIENTS]
    for _ in range(3):
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        assert "AwsEcr" in done.stdout


def test_threads_meet_the_first_missing_object_together(aws: AwsSettings) -> None:
    bucket = f"shared-{uuid.uuid4().hex}"
    client(aws, "s3").create_bucket(Bucket=bucket)
    for _ in range(5):
        store = S3ObjectStore(aws)
        assert not store.exists(bucket, "absent")  # the client is there; what it raises is not
        assert at_once(*[lambda store=store: store.get(bucket, "absent")] * THREADS) == [None] * THREADS


def test_threads_meet_the_first_missing_image_together(aws: AwsSettings) -> None:
    repository = f"shared-{uuid.uuid4().hex}"
    client(aws, "ecr").create_repository(repositoryName=repository)
    for _ in range(5):
        ecr = AwsEcr(aws)
        assert at_once(*[lambda ecr=ecr: ecr.digest(repository, "absent")] * THREADS) == [None] * THREADS


def test_one_thread_writes_what_is_absent(aws: AwsSettings) -> None:
    bucket, store = f"shared-{uuid.uuid4().hex}", S3ObjectStore(aws)
    client(aws, "s3").create_bucket(Bucket=bucket)
    wrote = at_once(*[lambda: store.put_if_absent(bucket, "key", b"x", content_type="text/plain")] * THREADS)
    assert sorted(wrote) == [False] * (THREADS - 1) + [True]
