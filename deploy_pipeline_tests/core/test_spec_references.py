"""Names in a deploy.yaml that do not fit each other, and a file with mistakes of every sort at once."""

import pytest

from deploy_pipeline.core.spec_loader import load_spec
from deploy_pipeline.core.spec_mistakes import SpecError
from deploy_pipeline_tests.core.test_spec_loader import HEAD, IMAGES, SERVICE

STACK = """\
terraform:
  main:
    directory: terraform
    backend: {bucket: state, key: main.tfstate, region: us-east-1}
    image_variable: images
"""
BALANCER = """\
    load_balancer:
      name: ml
      test_port: 8081
      blue_target_group: blue
      green_target_group: green
"""
FUNCTIONS = "functions: {f: {function_name: ml-f, source: f}, g: {function_name: ml-g, source: g}}\n"


def _mistakes(text: str) -> list[str]:
    with pytest.raises(SpecError) as refused:
        load_spec(text)
    return [line.removeprefix("deploy.yaml:") for line in str(refused.value).splitlines()]


def test_load_spec_references_that_fit() -> None:
    test = "smoke_tests: [{name: a, kind: function, function: f}, {name: b, kind: service, service: api, path: /}]\n"
    spec = load_spec(HEAD + IMAGES + SERVICE + BALANCER + STACK + FUNCTIONS + test)
    assert spec.services["api"].load_balancer is not None


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (SERVICE, ['11: services.api.image: found "api", expected a name under images, which has none']),
        (IMAGES + SERVICE.replace("image: api", "image: apii"), [
            '13: services.api.image: found "apii", expected "api" (did you mean that?) or one of the names under '
            "images: api"]),
        (FUNCTIONS + "smoke_tests: [{name: a, kind: function, function: zzz}]\n", [
            '6: smoke_tests[0].function: found "zzz", expected one of the names under functions: f, g']),
        ("smoke_tests: [{name: a, kind: service, service: api, path: /}]\n", [
            '5: smoke_tests[0].service: found "api", expected a name under services, which has none']),
        (STACK + "smoke_tests: [{name: a, kind: http, stack: mian, url_output: u, path: /}]\n", [
            '10: smoke_tests[0].stack: found "mian", expected "main" (did you mean that?) or one of the names under '
            "terraform: main"]),
        (FUNCTIONS.replace("ml-g", "ml-f"), [
            '5: functions.g.function_name: found "ml-f", expected its own function name '
            "(functions.f.function_name has this one)"]),
        (IMAGES + "  b: {repository: ml/api, context: b}\n", [
            '7: images.b.repository: found "ml/api", expected its own ECR repository '
            "(images.api.repository has this one)"]),
        (FUNCTIONS + "smoke_tests:\n" + "- {name: a, kind: function, function: f}\n" * 2, [
            '8: smoke_tests[1].name: found "a", expected its own smoke test name (smoke_tests[0].name has this one)']),
        (IMAGES + SERVICE + BALANCER.replace("8081", "80"), [
            "17: services.api.load_balancer.test_port: found 80, expected its own listener port "
            "(services.api.load_balancer.production_port has this one)"]),
        (IMAGES + SERVICE + BALANCER.replace("green\n", "blue\n"), [
            '19: services.api.load_balancer.green_target_group: found "blue", expected its own target group '
            "(services.api.load_balancer.blue_target_group has this one)"]),
        (IMAGES + SERVICE + "  " + SERVICE.removeprefix("services:\n  ").replace("api:", "two:", 1), [
            '17: services.two.service: found "api", expected its own service in the cluster '
            "(services.api.service has this one)"]),
        (STACK + "  " + STACK.removeprefix("terraform:\n  ").replace("main:", "two:", 1), [
            '12: terraform.two.backend.key: found "main.tfstate", expected its own state key in the bucket '
            "(terraform.main.backend.key has this one)"]),
        (STACK + "    package_variable: images\n    variables: {images: x}\n", [
            '10: terraform.main.package_variable: found "images", expected its own variable '
            "(terraform.main.image_variable has this one)",
            '11: terraform.main.variables.images: found "x", expected its own variable '
            "(terraform.main.image_variable has this one)"]),
        ("scan: {ignore: [{id: CVE-1, reason: x}, {id: CVE-1, reason: y}]}\n", [
            '5: scan.ignore[1].id: found "CVE-1", expected its own id (scan.ignore[0].id has this one)']),
    ],
)  # fmt: skip
def test_load_spec_references(text: str, messages: list[str]) -> None:
    assert _mistakes(HEAD + text) == messages


def test_load_spec_does_not_repeat_a_mistake_as_a_missing_name() -> None:
    assert _mistakes(HEAD + "images: [api]\n" + SERVICE) == ["5: images: found a list, expected a mapping"]


def test_load_spec_everything_at_once() -> None:
    text = """\
version: 2
environment: production
repository: {name: acme/ml, branch: 1.10}
aws: {region: us-east-1, artifact_bucket: artifacts}
images:
  api: {repository: ml/api, context: api, dockerfil: x}
services:
  api: {cluster: ml, service: api, task_family: api, container: api, image: apo, port: 0}
smoke_tests:
  - {name: a, kind: service, service: api, path: health, expect: {status_code: "200"}}
environment: staging
rollout: {analysis: {max_error_rate: 1}}
"""
    assert _mistakes(text) == [
        "1: version: found 2, expected 1",
        '3: repository.branch: found 1.10, expected a branch, such as "main" (in quotes: "1.10")',
        "4: aws.ledger_bucket: found nothing, expected an S3 bucket name: 3 to 63 small letters, digits, dots and "
        "hyphens (the key is required)",
        '6: images.api.dockerfil: found an unknown key, expected "dockerfile" (did you mean that?) or one of '
        "build_args, context, dockerfile, repository",
        '8: services.api.image: found "apo", expected "api" (did you mean that?) or one of the names under images: api',
        "8: services.api.port: found 0, expected an integer between 1 and 65535",
        '10: smoke_tests[0].expect.status_code: found "200", expected an integer between 100 and 599',
        '10: smoke_tests[0].path: found "health", expected a path that starts with / and has no spaces',
        '11: environment: found the key "environment" again, expected each key once (line 2 has it)',
        "12: rollout.analysis.max_error_rate: found 1, expected a number, more than 0 and less than 1",
    ]
