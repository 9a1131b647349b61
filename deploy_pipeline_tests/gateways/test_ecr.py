"""ECR, against an emulated registry that Docker really pushes to, and against scripted errors."""

import uuid
from collections.abc import Callable, Iterator

import boto3
import docker
import pytest
from botocore.stub import Stubber

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.aws import AwsSettings, registry_at
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.docker_engine import DockerSettings, LocalDockerEngine, RegistryLogin
from deploy_pipeline.gateways.ecr import AwsEcr
from deploy_pipeline_tests.gateways.tiny_images import make_image, push_image, remove_image

AMAZON = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
TOKEN = "QVdTOmEtcGFzc3dvcmQ="  # AWS:a-password


@pytest.fixture
def repository(aws: AwsSettings) -> str:
    name = f"team/image-{uuid.uuid4().hex[:8]}"
    boto3.client("ecr", region_name=aws.region, endpoint_url=aws.endpoint_url).create_repository(repositoryName=name)
    return name


@pytest.fixture
def pushed(aws: AwsSettings, repository: str) -> Iterator[tuple[str, str]]:
    """The digests of the tags `one` and `two`."""
    references = [f"{AwsEcr(aws).repository_uri(repository)}:{tag}" for tag in ("one", "two")]
    make_image(references[0], ends=True)
    make_image(references[1], ends=False)
    yield push_image(references[0]), push_image(references[1])
    for reference in references:
        remove_image(reference)


@pytest.mark.real
def test_repository_uri_is_where_docker_pushes(aws: AwsSettings, repository: str) -> None:
    registry = registry_at(aws.endpoint_url or "")
    ecr = AwsEcr(aws)
    assert ecr.repository_uri(repository) == f"{registry}/{repository}"
    assert ecr.login() == RegistryLogin(registry, "AWS", ecr.login().password)


@pytest.mark.real
def test_digest_of_what_docker_pushed(aws: AwsSettings, repository: str, pushed: tuple[str, str]) -> None:
    ecr = AwsEcr(aws)
    assert (ecr.digest(repository, "one"), ecr.digest(repository, "two")) == pushed
    assert ecr.digest(repository, "three") is None


@pytest.mark.real
def test_has_what_docker_pushed_until_it_is_deleted(aws: AwsSettings, repository: str, pushed: tuple[str, str]) -> None:
    ecr = AwsEcr(aws)
    assert [ecr.has(repository, digest) for digest in (*pushed, "sha256:" + "0" * 64)] == [True, True, False]
    vendor = boto3.client("ecr", region_name=aws.region, endpoint_url=aws.endpoint_url)
    vendor.batch_delete_image(repositoryName=repository, imageIds=[{"imageDigest": pushed[0]}])
    assert [ecr.has(repository, digest) for digest in pushed] == [False, True]


@pytest.mark.real
def test_pull_gives_the_engine_the_very_image_again(aws: AwsSettings, repository: str, pushed: tuple[str, str]) -> None:
    ecr, engine = AwsEcr(aws), LocalDockerEngine(DockerSettings(), SystemClock())
    reference = f"{ecr.repository_uri(repository)}:one"
    image_id = str(docker.from_env().images.get(reference).id)
    remove_image(reference)
    assert not engine.has(image_id)
    pinned = f"{ecr.repository_uri(repository)}@{pushed[0]}"
    assert engine.pull(pinned, ecr.login()) == image_id
    assert engine.has(image_id)
    engine.tag(image_id, reference)
    with pytest.raises(DeployError, match="pull of"):
        engine.pull(f"{ecr.repository_uri(repository)}@sha256:{'0' * 64}", ecr.login())


@pytest.mark.real
def test_move_tag_forth_and_back(aws: AwsSettings, repository: str, pushed: tuple[str, str]) -> None:
    ecr = AwsEcr(aws)
    for digest in (pushed[0], pushed[1], pushed[1], pushed[0]):
        ecr.move_tag(repository, digest, "latest")
        assert ecr.digest(repository, "latest") == digest
    assert (ecr.digest(repository, "one"), ecr.digest(repository, "two")) == pushed


@pytest.mark.real
def test_move_tag_to_an_image_that_is_not_there(aws: AwsSettings, repository: str) -> None:
    with pytest.raises(DeployError, match="push it first"):
        AwsEcr(aws).move_tag(repository, f"sha256:{'0' * 64}", "latest")


@pytest.mark.real
def test_missing_repository_teaches(aws: AwsSettings) -> None:
    ecr = AwsEcr(aws)
    calls: tuple[Callable[[], object], ...] = (
        lambda: ecr.repository_uri("no/such"),
        lambda: ecr.digest("no/such", "one"),
    )
    for call in calls:
        with pytest.raises(DeployError, match="terraform/bootstrap"):
            call()


def test_amazon_names_its_own_registry(aws_credentials: None) -> None:
    ecr = AwsEcr(AwsSettings("us-east-1"))
    with Stubber(ecr._ecr) as stub:
        stub.add_response(
            "describe_repositories", {"repositories": [{"repositoryUri": f"{AMAZON}/r2"}]}, {"repositoryNames": ["r2"]}
        )
        assert ecr.repository_uri("r2") == f"{AMAZON}/r2"
        data = [{"authorizationToken": TOKEN, "proxyEndpoint": f"https://{AMAZON}"}]
        stub.add_response("get_authorization_token", {"authorizationData": data}, {})
        assert ecr.login() == RegistryLogin(AMAZON, "AWS", "a-password")


def test_registry_can_be_overridden(stubbed_aws: AwsSettings) -> None:
    ecr = AwsEcr(stubbed_aws, registry="registry.test:5000")
    with Stubber(ecr._ecr) as stub:
        stub.add_response("describe_repositories", {"repositories": [{"repositoryUri": f"{AMAZON}/r2"}]})
        assert ecr.repository_uri("r2") == "registry.test:5000/r2"


@pytest.mark.parametrize(
    ("code", "todo"),
    [("ImageTagAlreadyExistsException", "immutable"), ("AccessDeniedException", "PutImage")],
)
def test_move_tag_refused(stubbed_aws: AwsSettings, code: str, todo: str) -> None:
    ecr = AwsEcr(stubbed_aws)
    digest = f"sha256:{'a' * 64}"
    image = {"imageManifest": "{}", "imageManifestMediaType": "application/vnd.oci.image.index.v1+json"}
    put = {**image, "repositoryName": "r2", "imageTag": "latest", "imageDigest": digest}
    with Stubber(ecr._ecr) as stub:
        stub.add_response("batch_get_image", {"images": [image]})
        stub.add_client_error("put_image", code, "no", expected_params=put)
        with pytest.raises(DeployError, match=todo):
            ecr.move_tag("r2", digest, "latest")


def test_move_tag_that_is_there_already_is_success(stubbed_aws: AwsSettings) -> None:
    ecr = AwsEcr(stubbed_aws)
    image = {"imageManifest": "{}", "imageManifestMediaType": "application/vnd.oci.image.manifest.v1+json"}
    with Stubber(ecr._ecr) as stub:
        stub.add_response("batch_get_image", {"images": [image]})
        stub.add_client_error("put_image", "ImageAlreadyExistsException", "already there")
        ecr.move_tag("r2", f"sha256:{'a' * 64}", "latest")
        stub.assert_no_pending_responses()
