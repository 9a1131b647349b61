"""What Terraform's diagnostics mean to an operator, and which of them pass by themselves."""

import re
from typing import Literal

from deploy_pipeline.core.errors import DeployError

Step = Literal["version", "init", "plan", "show", "apply", "state pull", "state push"]

SHOWN_CHARACTERS = 4000
BOX = re.compile(r"^[│╷╵] ?", re.M)
LOCK_HELD = re.compile(r"error acquiring the state lock", re.I)
LOCK_FIELD = re.compile(r"^\s*(ID|Who|Operation|Created):\s+(.+?)\s*$", re.M)
TRANSIENT = re.compile(
    r"connection (reset|refused)|i/o timeout|timeout exceeded|TLS handshake|request send failed|no such host"
    r"|Throttling|TooManyRequests|SlowDown|ServiceUnavailable|InternalError|StatusCode: 50\d",
)
# The first that matches says what to do.
TODO = (
    (r"checksums|dependency lock file|dependency changes detected",
     "run `terraform providers lock -platform=linux_amd64` in the stack and commit .terraform.lock.hcl"),
    (r"could not connect to \S*registry|failed to (query available|retrieve) provider|failed to install provider",
     "check that the provider registry can be reached; where it cannot, put the providers into a folder "
     "(`terraform providers mirror <folder>`) and set DEPLOY_PIPELINE_TERRAFORM_MIRROR to it"),
    (r"saved plan is stale|plan file.*(stale|different)", "the state changed after the plan: run the deployment again"),
    (r"use_lockfile|unsupported terraform core version", "install Terraform 1.10 or newer, as the stack asks"),
    (r"no valid credential sources|failed to refresh cached credentials|ExpiredToken|InvalidClientTokenId",
     "give the pipeline valid AWS credentials"),
    (r"AccessDenied|UnauthorizedOperation|not authorized to perform|StatusCode: 403",
     "allow the pipeline's role the action that is named above"),
    (r"NoSuchBucket|bucket .*does not exist", "create the bucket of the stack's `backend`, or correct its name"),
    (r"no value for required variable", "give the variable in the stack's `variables`"),
)  # fmt: skip


def diagnostics(stderr: str) -> str:
    """Terraform's errors without its frame and without the warnings before them, at most 4000 characters."""
    plain = BOX.sub("", stderr).strip()
    start = plain.find("Error:")
    text = re.sub(r"\n{3,}", "\n\n", plain[max(start, 0) :])
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "\n[...]"


def failure(step: Step, stderr: str, stack: str) -> DeployError:
    """A failed Terraform command. Only what changed nothing is retryable, and an apply never is."""
    where, said = f"terraform {step} of {stack}", diagnostics(stderr)
    if LOCK_HELD.search(stderr) and "Lock Info" in stderr:
        return _locked(stderr, where, retryable=step != "apply")
    todo = next((advice for pattern, advice in TODO if re.search(pattern, stderr, re.I)), "")
    retryable = step != "apply" and bool(TRANSIENT.search(stderr))
    return DeployError(
        said or "Terraform gave no reason", where=where, todo=todo or _general(step), retryable=retryable
    )


def _locked(stderr: str, where: str, *, retryable: bool) -> DeployError:
    held = dict(LOCK_FIELD.findall(BOX.sub("", stderr)))
    holder = f"{held.get('Who', 'unknown')} ({held.get('Operation', 'unknown')}) since {held.get('Created', 'unknown')}"
    lock = held.get("ID", "unknown")
    todo = f"wait for it to end; if it died, run `terraform force-unlock {lock}` in the stack's folder"
    return DeployError(f"the state is locked by {holder}, lock {lock}", where=where, todo=todo, retryable=retryable)


def _general(step: Step) -> str:
    if step == "apply":
        return (
            "the stack may be partly changed: correct the cause and deploy again, which plans anew from what is there"
        )
    return "correct the stack's configuration and push a new commit"
