"""The GitHub double's repositories, commits and comparisons, read with githubkit's typed models."""

import base64
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from githubkit.exception import RequestFailed

from deploy_pipeline.sandbox.github_double.git.repository import git_environment
from deploy_pipeline.sandbox.github_double.seed import create_bare
from deploy_pipeline_tests.sandbox.doubles_support import FULL_NAME, NAME, OWNER, Doubles, running


@pytest.fixture
def doubles(tmp_path: Path) -> Iterator[Doubles]:
    with running(tmp_path) as started:
        yield started


def test_repository_parses_and_names_a_clonable_url(doubles: Doubles, tmp_path: Path) -> None:
    repository = doubles.github.rest.repos.get(OWNER, NAME).parsed_data
    assert (repository.full_name, repository.default_branch) == (FULL_NAME, "main")
    assert repository.permissions and repository.permissions.push
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", repository.clone_url, clone], check=True, env=git_environment())
    assert (clone / "src" / "app.py").read_text() == "print('one')\n"
    assert (clone / "run.sh").stat().st_mode & 0o111


def test_user_and_rate_limit_parse(doubles: Doubles) -> None:
    client = doubles.github
    assert client.rest.users.get_authenticated().parsed_data.login == "sandbox"
    assert client.rest.rate_limit.get().parsed_data.resources.core.remaining == 4999


def test_branch_and_ref_parse_with_slashes_in_the_name(doubles: Doubles) -> None:
    sha = doubles.commit("feature/a", {"new.txt": b"new\n"})
    repos, git = doubles.github.rest.repos, doubles.github.rest.git
    branch = repos.get_branch(OWNER, NAME, "feature/a").parsed_data
    assert (branch.name, branch.commit.sha, branch.protected) == ("feature/a", sha, False)
    assert git.get_ref(OWNER, NAME, "heads/feature/a").parsed_data.object_.sha == sha
    assert doubles.raw("GET", f"repos/{FULL_NAME}/branches/feature%2Fa").json()["commit"]["sha"] == sha


def test_commits_are_listed_newest_first_with_pages(doubles: Doubles) -> None:
    made = [doubles.sha, *(doubles.commit("main", {"n.txt": f"{n}\n".encode()}, f"Commit {n}") for n in range(4))]
    response = doubles.github.rest.repos.list_commits(OWNER, NAME, per_page=2, page=2)
    assert [commit.sha for commit in response.parsed_data] == made[::-1][2:4]
    base = f"{doubles.site}/github/api/v3/repos/{FULL_NAME}/commits?per_page=2&page="
    assert response.headers["link"] == (
        f'<{base}1>; rel="prev", <{base}3>; rel="next", <{base}3>; rel="last", <{base}1>; rel="first"'
    )


def test_paginate_collects_every_page(doubles: Doubles) -> None:
    for number in range(4):
        doubles.commit("main", {"n.txt": str(number).encode()})
    client = doubles.github
    found = list(client.rest.paginate(client.rest.repos.list_commits, owner=OWNER, repo=NAME, per_page=2))
    assert len(found) == 5


def test_link_header_of_a_branch_that_is_not_ascii(doubles: Doubles) -> None:
    sha = doubles.commit("größe-🚀", {"a.txt": b"1\n"})
    for context in ("a", "b"):
        doubles.raw("POST", f"repos/{FULL_NAME}/statuses/{sha}", json={"state": "success", "context": context})
    first = doubles.raw("GET", f"repos/{FULL_NAME}/commits/größe-🚀/statuses?per_page=1")
    second = doubles.raw("GET", first.links["next"]["url"].removeprefix(doubles.api))
    assert [page.json()[0]["context"] for page in (first, second)] == ["b", "a"]


def test_commits_since_a_time_and_of_a_path(doubles: Doubles) -> None:
    doubles.clock.now = doubles.clock.now.replace(hour=14)
    sha = doubles.commit("main", {"docs/a.md": b"a\n"})
    listed = doubles.raw("GET", f"repos/{FULL_NAME}/commits?since=2026-01-31T13:00:00Z").json()
    assert [commit["sha"] for commit in listed] == [sha]
    listed = doubles.raw("GET", f"repos/{FULL_NAME}/commits?path=src/app.py").json()
    assert [commit["sha"] for commit in listed] == [doubles.sha]


def test_commit_has_files_statistics_and_author(doubles: Doubles) -> None:
    sha = doubles.commit(
        "main", {"src/app.py": b"print('two')\n", "README.md": None, "b.bin": b"\0\1"}, "Zwei 🚀\n\nText"
    )
    commit = doubles.github.rest.repos.get_commit(OWNER, NAME, sha[:9]).parsed_data
    assert (commit.sha, commit.commit.message, [parent.sha for parent in commit.parents]) == (
        sha,
        "Zwei 🚀\n\nText",
        [doubles.sha],
    )
    assert {file.filename: file.status for file in commit.files or []} == {
        "README.md": "removed",
        "b.bin": "added",
        "src/app.py": "modified",
    }
    patches = {file.filename: file.patch for file in commit.files or []}
    assert patches["src/app.py"] == "@@ -1 +1 @@\n-print('one')\n+print('two')"
    assert doubles.raw("GET", f"repos/{FULL_NAME}/commits/{sha}").json()["author"]["login"] == "ada"


def test_first_commit_shows_all_files_as_added(doubles: Doubles) -> None:
    commit = doubles.github.rest.repos.get_commit(OWNER, NAME, "main").parsed_data
    assert [file.status for file in commit.files or []] == ["added"] * 3


@pytest.mark.parametrize(
    ("ends", "status", "ahead", "behind", "files"),
    [
        ("main...topic", "diverged", 2, 1, ["topic.txt"]),
        ("topic...main", "diverged", 1, 2, ["main.txt"]),
        ("START...topic", "ahead", 2, 0, ["topic.txt"]),
        ("topic...START", "behind", 0, 2, []),
        ("topic...topic", "identical", 0, 0, []),
    ],
)
def test_compare(doubles: Doubles, ends: str, status: str, ahead: int, behind: int, files: list[str]) -> None:
    doubles.commit("topic", {"topic.txt": b"1\n"}, "First")
    doubles.commit("topic", {"topic.txt": b"2\n"}, "Second")
    doubles.commit("main", {"main.txt": b"1\n"})
    basehead = ends.replace("START", doubles.sha)
    compared = doubles.github.rest.repos.compare_commits(OWNER, NAME, basehead).parsed_data
    assert (compared.status, compared.ahead_by, compared.behind_by) == (status, ahead, behind)
    assert [file.filename for file in compared.files or []] == files
    assert len(compared.commits) == ahead


def test_plain_push_is_seen_at_once(doubles: Doubles, tmp_path: Path) -> None:
    clone, environment = tmp_path / "clone", git_environment()

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(clone), *arguments], check=True, env=environment, capture_output=True)

    subprocess.run(["git", "clone", "-q", doubles.bare, clone], check=True, env=environment)
    (clone / "pushed.txt").write_text("pushed\n")
    git("add", ".")
    git("commit", "-m", "Pushed")
    git("push", "origin", "main")
    assert doubles.raw("GET", f"repos/{FULL_NAME}/commits/main").json()["commit"]["message"] == "Pushed"


def test_contents_of_a_file_a_folder_and_a_former_commit(doubles: Doubles) -> None:
    doubles.commit("main", {"src/app.py": b"print('two')\n"})
    repos = doubles.github.rest.repos
    file = repos.get_content(OWNER, NAME, "src/app.py", ref=doubles.sha).parsed_data
    assert not isinstance(file, list) and base64.b64decode(getattr(file, "content", "")) == b"print('one')\n"
    folder = doubles.raw("GET", f"repos/{FULL_NAME}/contents/").json()
    assert [(item["type"], item["path"]) for item in folder] == [
        ("file", "README.md"),
        ("file", "run.sh"),
        ("dir", "src"),
    ]


def test_permission_of_known_and_unknown_people(doubles: Doubles) -> None:
    doubles.control("collaborators", repository=FULL_NAME, login="grace", permission="write")
    repos = doubles.github.rest.repos
    levels = {
        login: repos.get_collaborator_permission_level(OWNER, NAME, login).parsed_data.permission
        for login in ("sandbox", "grace", "mallory")
    }
    assert levels == {"sandbox": "admin", "grace": "write", "mallory": "none"}


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("repos/acme/none", 404, "Not Found"),
        ("repos/acme/..", 404, "Not Found"),
        ("repos/..%2F../shop", 404, "Not Found"),
        (f"repos/{FULL_NAME}/nothing", 404, "Not Found"),
        (f"repos/{FULL_NAME}/branches/gone", 404, "Branch not found"),
        (f"repos/{FULL_NAME}/branches/main~1", 404, "Branch not found"),
        (f"repos/{FULL_NAME}/branches/--help", 404, "Branch not found"),
        (f"repos/{FULL_NAME}/git/ref/heads/gone", 404, "Not Found"),
        (f"repos/{FULL_NAME}/commits/--all", 422, "No commit found for SHA: --all"),
        (f"repos/{FULL_NAME}/commits/main@{{0}}", 422, "No commit found for SHA: main@{0}"),
        (f"repos/{FULL_NAME}/commits/{'0' * 40}", 422, f"No commit found for SHA: {'0' * 40}"),
        (f"repos/{FULL_NAME}/commits?sha=gone", 404, "Not Found"),
        (f"repos/{FULL_NAME}/commits?since=yesterday", 422, "Invalid request.\n\nFor 'since', 'yesterday' is"),
        (f"repos/{FULL_NAME}/compare/main", 404, "Not Found"),
        (f"repos/{FULL_NAME}/compare/main...gone", 404, "Not Found"),
        (f"repos/{FULL_NAME}/contents/none.txt", 404, "Not Found"),
        (f"repos/{FULL_NAME}/contents/%2e%2e/%2e%2e/etc/passwd", 422, "Validation Failed"),
        (f"repos/{FULL_NAME}/contents/:(top)README.md", 404, "Not Found"),
        (f"repos/{FULL_NAME}/deployments/99999999999999999999999", 404, "Not Found"),
    ],
)
def test_odd_addresses_are_refused_as_on_github(doubles: Doubles, path: str, status: int, message: str) -> None:
    response = doubles.raw("GET", path)
    assert response.status_code == status
    body = response.json()
    assert body["message"].startswith(message)
    assert (body["documentation_url"], body["status"]) == ("https://docs.github.com/rest", str(status))


def test_pages_far_beyond_the_end_are_empty(doubles: Doubles) -> None:
    for query in ("page=99999999999999999999", "per_page=0", "per_page=-1&page=x", "page=0&per_page=1000000"):
        response = doubles.raw("GET", f"repos/{FULL_NAME}/commits?{query}")
        assert response.status_code == 200
        assert len(response.json()) == (0 if query.startswith("page=9") else 1)


def test_empty_repository_has_no_commits(doubles: Doubles) -> None:
    create_bare(doubles.state / "repos" / OWNER / "empty.git")
    assert doubles.github.rest.repos.get(OWNER, "empty").parsed_data.default_branch == "main"
    answers = {
        path: doubles.raw("GET", f"repos/{OWNER}/empty/{path}").status_code
        for path in (
            "commits",
            "commits/main",
            "branches",
            "branches/main",
            "git/ref/heads/main",
            "contents/a",
            "pulls",
        )
    }
    assert answers == {
        "commits": 409,
        "commits/main": 409,
        "branches": 200,
        "branches/main": 404,
        "git/ref/heads/main": 409,
        "contents/a": 404,
        "pulls": 200,
    }
    assert httpx.get(f"{doubles.site}/github/{OWNER}/empty").status_code == 200


def test_unknown_repository_raises_in_githubkit(doubles: Doubles) -> None:
    with pytest.raises(RequestFailed) as caught:
        doubles.github.rest.repos.get(OWNER, "none")
    assert caught.value.response.status_code == 404
    assert caught.value.response.parsed_data.message == "Not Found"


def test_a_rename_and_an_odd_name_are_listed(doubles: Doubles) -> None:
    first = doubles.commit("main", {"long.txt": b"line\n" * 20, "odd é\tname.txt": b"x\n"})
    moved = doubles.commit("main", {"long.txt": None, "moved.txt": b"line\n" * 20})
    files = doubles.raw("GET", f"repos/{FULL_NAME}/compare/{first}...{moved}").json()["files"]
    assert [(file["filename"], file["previous_filename"], file["status"]) for file in files] == [
        ("moved.txt", "long.txt", "renamed")
    ]
    listed = doubles.raw("GET", f"repos/{FULL_NAME}/commits/{first}").json()["files"]
    assert {file["filename"] for file in listed} == {"long.txt", "odd é\tname.txt"}
