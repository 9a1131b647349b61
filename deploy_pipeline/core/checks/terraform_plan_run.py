"""Planning a stack in a box: command lines, files and environment. What the plan means is `plan_policy`.

Variables are those of the head's `deploy.yaml`; the backend, and with it the credentials' reach, is the base branch's.
"""

import json

from deploy_pipeline.core import terraform_cli
from deploy_pipeline.core.candidate import Deployed
from deploy_pipeline.core.isolation import Places
from deploy_pipeline.core.spec import BackendSpec, Spec, TerraformSpec
from deploy_pipeline.core.stack_variables import live_variables

EMULATOR_HOST = "aws.sandbox.internal"


def init(places: Places, backend: BackendSpec, *, emulated: bool) -> tuple[str, ...]:
    """Init with the real backend."""
    return tuple(terraform_cli.init(places.program("terraform"), backend, locked=True, emulated=emulated))


def plan(places: Places) -> tuple[str, ...]:
    """Plan without a lock: nothing is written, and a deployment must not wait for a pull request.

    It prints JSON: in Terraform's text, what the pull request writes cannot be told from what Terraform says.
    """
    options = ("-json", "-lock=false", "-input=false", "-no-color", f"-var-file={variables_file(places)}")
    return (places.program("terraform"), "plan", *options, f"-out={plan_file(places)}")


def show(places: Places) -> tuple[str, ...]:
    """The saved plan as JSON, sensitive values included."""
    return tuple(terraform_cli.show(places.program("terraform"), plan_file(places)))


def plan_file(places: Places) -> str:
    """Where the plan lies in the box."""
    return f"{places.scratch}/{terraform_cli.PLAN_FILE}"


def variables_file(places: Places) -> str:
    """Where the values of the variables lie in the box."""
    return f"{places.scratch}/{terraform_cli.VARIABLES_FILE.replace('.auto', '')}"


def aws_environment(region: str, endpoint: str | None) -> dict[str, str]:
    """What the AWS provider and the backend are told beside credentials. `endpoint`: `host:port` of an emulator."""
    own = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "AWS_EC2_METADATA_DISABLED": "true"}
    return {**own, **({"AWS_ENDPOINT_URL": f"http://{endpoint}"} if endpoint else {})}


def variables(stack: TerraformSpec, spec: Spec, live: Deployed | None) -> str:
    """The stack's variables as JSON, with the images and packages that are live."""
    return json.dumps(live_variables(stack, spec, live), indent=1)


def backend_kind(state: bytes | None) -> str | None:
    """The kind of backend that init opened, by its file in Terraform's data folder; None for none."""
    try:
        return str(json.loads(state or b"")["backend"]["type"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
