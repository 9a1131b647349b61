"""What the end of an installation means. The installer's words are what uv 0.13 says."""

import pytest

from deploy_pipeline.core.box_install import environment_key, failure, install
from deploy_pipeline.core.checks.requirements import Uninstallable
from deploy_pipeline.core.isolation import Ending, Outcome

UNSOLVABLE = """error: No solution found when resolving dependencies
  cause: Because tunnel-error was not found in the package registry and you require tunnel-error, we can conclude
"""
UNREACHABLE = """error: Request failed after 3 retries in 3.8s
  cause: Failed to fetch: https://pypi.org/simple/pytest/
  cause: error sending request for url (https://pypi.org/simple/pytest/)
  cause: client error (Connect)
  cause: tunnel error: unsuccessful
"""
BROKEN = "  cause: HTTP status server error (503 Service Unavailable) for url (https://pypi.org/simple/pytest/)"
MISMATCH = "error: Failed to download `idna==3.7`\n  cause: Hash mismatch for `idna==3.7`"


@pytest.mark.parametrize(
    ("ending", "returncode", "stderr", "expected"),
    [
        ("finished", 1, UNSOLVABLE, (True, False)),
        ("finished", 1, MISMATCH, (True, False)),
        ("finished", 97, "", (True, False)),
        ("out_of_memory", None, "", (True, False)),
        ("finished", 2, UNREACHABLE, (False, True)),
        ("finished", 2, BROKEN, (False, True)),
        ("timed_out", None, "", (False, True)),
        ("died", None, "", (False, True)),
    ],
)
def test_failure(ending: Ending, returncode: int | None, stderr: str, expected: tuple[bool, bool]) -> None:
    error = failure(Outcome(ending, returncode, "", stderr, 1.0), 20)
    assert (isinstance(error, Uninstallable), error.retryable) == expected
    assert stderr.strip() in error.what


def test_install_takes_wheels_only() -> None:
    assert install(("/checkout/0.txt",), ("/checkout/1.txt",))[5:] == (
        "/environment", "10240", "/opt/uv/bin/uv", "pip", "install", "--no-progress", "--python",
        "/environment/bin/python", "--only-binary", ":all:", "--cache-dir", "/environment/.cache",
        "--no-python-downloads", "--no-config",
        "--requirements", "/checkout/0.txt", "--constraints", "/checkout/1.txt",
    )  # fmt: skip


def test_environment_key_is_of_everything_that_matters() -> None:
    keys = {
        environment_key("a", "i", ("p",), {"r": "x"}),
        environment_key("b", "i", ("p",), {"r": "x"}),
        environment_key("a", "j", ("p",), {"r": "x"}),
        environment_key("a", "i", ("q",), {"r": "x"}),
        environment_key("a", "i", ("p",), {"r": "y"}),
    }
    assert len(keys) == 5
    assert environment_key("a", "i", ("p", "q"), {}) == environment_key("a", "i", ("q", "p"), {})
