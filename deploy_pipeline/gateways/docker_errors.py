"""What the Docker engine's errors mean to an operator, and which of them pass by themselves."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.client import HTTPException

from docker.errors import APIError, DockerException, StreamParseError
from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import RequestException, Timeout
from urllib3.exceptions import HTTPError

from deploy_pipeline.core.errors import DeployError

LINES_SHOWN = 20
STEP = re.compile(r"^Step \d+/\d+ : ")
REFUSED = re.compile(r"denied|no basic auth|unauthorized|authentication required|forbidden", re.I)
NO_REPOSITORY = re.compile(r"repository .*(does not exist|not found)|name unknown|RepositoryNotFound", re.I)
TRANSIENT = re.compile(
    r"connection (reset|refused)|broken pipe|timeout|timed out|\bEOF\b|no such host|temporary failure"
    r"|network is unreachable|server misbehaving|toomanyrequests|too many requests"
    r"|unexpected http status: 5|\b50[0234]\b",
    re.I,
)
NO_BASE_IMAGE = re.compile(
    r"pull access denied|manifest( for .*)? (unknown|not found)|failed to resolve|error pulling image", re.I
)
NO_ENGINE = re.compile(r"connection refused|no such file|name or service not known|failed to resolve", re.I)
FULL_DISK = re.compile(r"no space left on device", re.I)
SERVER_ERROR = 500
BROKEN = (ConnectionFailed, Timeout, HTTPError, HTTPException, StreamParseError)


def build_failure(message: str, step: str, output: Iterable[str], where: str) -> DeployError:
    """A failed build: the step that failed, the last lines that it printed, and what the engine says."""
    parts = [f"failed at {step or 'its start'}", *output, message]
    return DeployError("\n".join(parts), where=where, todo=_build_todo(message))


def _build_todo(message: str) -> str:
    if NO_BASE_IMAGE.search(message):
        return (
            "check the name in FROM, and that the engine can pull it (`docker pull`; `docker login` if it is private)"
        )
    if FULL_DISK.search(message):
        return "free space for the engine (`docker system df`, `docker system prune`), then run the step again"
    if "BuildKit" in message:
        return "images are built by the engine's classic builder: write the Dockerfile without BuildKit's options"
    return "see the lines above, correct the Dockerfile or what it installs, and push a new commit"


def push_failure(message: str, where: str) -> DeployError:
    """A push that the registry, or the way to it, refused."""
    if NO_REPOSITORY.search(message):
        return DeployError(
            message, where=where, todo="create the registry's repository, or correct its name in the spec"
        )
    if REFUSED.search(message):
        todo = "check that the login may push to this repository (ECR: ecr:PutImage and the actions for layers)"
        return DeployError(message, where=where, todo=todo)
    if TRANSIENT.search(message):
        return DeployError(message, where=where, todo="check that the registry answers", retryable=True)
    return DeployError(message, where=where, todo="correct what the registry complains about, then push again")


@contextmanager
def translated(where: str, host: str) -> Iterator[None]:
    """Turn the SDK's errors into DeployError."""
    try:
        yield
    except APIError as error:
        raise _refused(error, where) from error
    except BROKEN as error:
        raise _unreachable(error, where, host) from error
    except (DockerException, RequestException, OSError) as error:
        raise _unusable(error, where, host) from error


def _refused(error: APIError, where: str) -> DeployError:
    message = str(error.explanation or error)
    status = error.status_code or 0
    if REFUSED.search(message) or NO_REPOSITORY.search(message):
        return push_failure(message, where)
    todo = "see the engine's own log" if status >= SERVER_ERROR else "correct what the engine complains about"
    return DeployError(message, where=where, todo=todo, retryable=status >= SERVER_ERROR)


def _unusable(error: Exception, where: str, host: str) -> DeployError:
    # The SDK wraps a failed first connection in its root exception, with no cause to look at but the text.
    if isinstance(error, DockerException) and ("Connection" in str(error) or "Permission denied" in str(error)):
        return _unreachable(error, where, host)
    return DeployError(str(error), where=where, todo="correct what the Docker engine or its client complains about")


def _unreachable(error: Exception, where: str, host: str) -> DeployError:
    if "Permission denied" in str(error):
        todo = "let this user use the engine, for example by the group `docker`"
        return DeployError(f"may not talk to the Docker engine at {host}", where=where, todo=todo)
    if NO_ENGINE.search(str(error)):
        todo = "start it, or run `deploy-pipeline doctor`"
        what = f"no Docker engine answers at {host}"
        return DeployError(what, where=where, todo=todo, retryable=True)  # it may be about to: it is restarted at times
    what = f"the connection to the Docker engine at {host} broke: {error}"
    return DeployError(what, where=where, todo="see that the engine runs, then try again", retryable=True)
