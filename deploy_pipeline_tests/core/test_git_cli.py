"""Git's command lines, environment and errors, as values."""

import base64

import pytest

from deploy_pipeline.core import git_cli
from deploy_pipeline.core.errors import DeployError

SHA = "0123456789abcdef0123456789abcdef01234567"
URL = "https://github.com/acme/engagement-ml.git"


@pytest.mark.parametrize("sha", ["main", "--upload-pack=x", SHA[:12], SHA.upper(), SHA + "\n", ""])
def test_checked_sha_refuses_what_is_not_a_full_commit_id(sha: str) -> None:
    with pytest.raises(DeployError, match="not a full commit id"):
        git_cli.checked_sha(sha)


def test_environment_gives_the_token_to_its_host_only_and_nothing_else_from_outside() -> None:
    found = git_cli.environment({"PATH": "/bin"}, URL, "s3cret")
    count = int(found["GIT_CONFIG_COUNT"])
    settings = {found[f"GIT_CONFIG_KEY_{n}"]: found[f"GIT_CONFIG_VALUE_{n}"] for n in range(count)}
    credential = base64.b64encode(b"x-access-token:s3cret").decode()
    assert settings["http.https://github.com/.extraHeader"] == f"Authorization: Basic {credential}"
    assert settings["core.hooksPath"] == "/dev/null"
    assert (found["GIT_TERMINAL_PROMPT"], found["GIT_CONFIG_NOSYSTEM"], found["PATH"]) == ("0", "1", "/bin")


def test_environment_refuses_a_token_over_plain_http_but_to_this_machine() -> None:
    assert (
        "http.http://127.0.0.1:8080/.extraHeader" in git_cli.environment({}, "http://127.0.0.1:8080/a/b", "t").values()
    )
    with pytest.raises(DeployError, match="plain http"):
        git_cli.environment({}, "http://git.example.com/a/b", "t")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (URL, "acme-engagement-ml.git"),
        ("git@github.com:acme/app.git", "acme-app.git"),
        ("file:///srv/git/acme/app", "acme-app.git"),
        ("https://host/a/../x y/", "x-y.git"),
    ],
)
def test_mirror_name_is_one_plain_file_name(url: str, name: str) -> None:
    assert git_cli.mirror_name(url) == name


def test_without_login_hides_what_a_url_carries() -> None:
    assert git_cli.without_login("https://me:token@github.com/a/b") == "https://github.com/a/b"


def test_diff_reads_no_attributes_and_runs_no_program() -> None:
    assert git_cli.diff("git", "/m.git", SHA, SHA[::-1], "/tmp/diff") == [
        "git", "--git-dir=/m.git", "-c", "core.attributesFile=/dev/null",
        "-c", "attr.tree=4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-c", "core.bigFileThreshold=1m",
        "-c", "core.quotePath=true", "diff-tree", "-r", "--no-renames", "--no-ext-diff", "--no-textconv", "--no-color",
        "--no-relative", "--submodule=short", "--raw", "--no-abbrev", "--patch", "--unified=0", "--src-prefix=a/",
        "--dst-prefix=b/", "--output=/tmp/diff", SHA, SHA[::-1], "--",
    ]  # fmt: skip


def test_fetch_all_ends_options_before_the_url() -> None:
    assert git_cli.fetch_all("git", "/m.git", "--upload-pack=evil") == [
        "git", "--git-dir=/m.git", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules",
        "--prune", "--", "--upload-pack=evil", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stderr", "what", "retryable"),
    [
        ("fatal: unable to access 'https://h/': Could not resolve host: h", "did not answer", True),
        ("error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502", "did not answer", True),
        ("fatal: early EOF", "did not answer", True),
        ("fatal: Authentication failed for 'https://h/'", "refused", False),
        ("fatal: could not read Username for 'https://h': terminal prompts disabled", "refused", False),
        ("fatal: unable to access 'https://h/': The requested URL returned error: 403", "refused", False),
        ("remote: Repository not found.\nfatal: repository 'https://h/a/b/' not found", "no such repository", False),
        ("fatal: '/x' does not appear to be a git repository", "no such repository", False),
        ("fatal: something new", "something new", False),
    ],
)
def test_fetch_error_tells_refusals_from_trouble_that_passes(stderr: str, what: str, retryable: bool) -> None:
    error = git_cli.fetch_error("https://user:pw@h/a/b", stderr)
    assert (what in error.what, error.retryable) == (True, retryable)
    assert error.todo
    assert "pw" not in str(error)
