"""The git gateway over real repositories on this machine."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.git import GitSettings, LocalGit
from deploy_pipeline.gateways.process import Completed, LocalProcess
from deploy_pipeline_tests.fakes.fake_clock import FakeClock
from deploy_pipeline_tests.fakes.fake_process import FakeProcess, ProcessCall
from deploy_pipeline_tests.gateways.git_case import ABSENT, Repository, local


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "acme" / "app")


def test_checkout_gives_the_files_of_that_commit_and_no_git_folder(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a.txt": "one", "deep/b.txt": "b"})
    repository.commit({"a.txt": "two"})
    tree = local(tmp_path / "work").checkout(repository.url, first)
    assert tree == tmp_path / "work" / "checkouts" / first
    assert sorted(p.relative_to(tree).as_posix() for p in tree.rglob("*")) == ["a.txt", "deep", "deep/b.txt"]
    assert (tree / "a.txt").read_text() == "one"


def test_checkout_fetches_only_what_the_mirror_lacks(repository: Repository, tmp_path: Path) -> None:
    first, second = repository.commit({"a": "1"}), repository.commit({"a": "2"})
    git = local(tmp_path / "work")
    git.checkout(repository.url, second)
    repository.folder.rename(tmp_path / "gone")
    assert (git.checkout(repository.url, first) / "a").read_text() == "1"
    assert (git.checkout(repository.url, second) / "a").read_text() == "2"


def test_checkout_keeps_modes_and_links_and_ignores_archive_attributes(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"run.sh": "#!/bin/sh\n", "secret.txt": "$Format:%H$", "inner/x": "x"})
    (repository.folder / "run.sh").chmod(0o755)
    (repository.folder / "link").symlink_to("inner/x")
    (repository.folder / "outside").symlink_to("/etc/passwd")
    sha = repository.commit({".gitattributes": "secret.txt export-ignore export-subst\n"})
    before = os.umask(0o077)
    try:
        tree = local(tmp_path / "work").checkout(repository.url, sha)
    finally:
        os.umask(before)
    assert (tree / "secret.txt").read_text() == "$Format:%H$"
    assert [oct((tree / n).stat().st_mode & 0o777) for n in ("run.sh", "secret.txt", "inner")] == [
        "0o755",
        "0o644",
        "0o755",
    ]
    assert ((tree / "link").readlink(), (tree / "outside").readlink()) == (Path("inner/x"), Path("/etc/passwd"))
    assert Path("/etc/passwd").stat().st_mode & 0o777 == 0o644


def test_checkout_runs_nothing_that_the_repository_or_this_machine_brings(
    repository: Repository, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    template = tmp_path / "template" / "hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (template / "post-checkout").chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    filters = f'[init]\n templateDir = {template.parent}\n[filter "x"]\n smudge = "touch {mark}; cat"\n'
    (home / ".gitconfig").write_text(filters)
    repository.commit({".gitattributes": "* filter=x\n", "a": "a"})
    inner = Repository(tmp_path / "inner")
    inner.commit({"b": "b"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", inner.url, "sub")
    sha = repository.commit({})
    settings = GitSettings(work=tmp_path / "work", environment={**os.environ, "HOME": str(home)})
    git = LocalGit(settings, LocalProcess(environment=os.environ, clock=SystemClock()), SystemClock())
    tree = git.checkout(repository.url, sha)
    assert not mark.exists()
    assert list((tree / "sub").iterdir()) == []


def test_checkout_finds_a_commit_that_no_branch_holds(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a": "1"})
    head = repository.commit({"a": "pull request"})
    repository.git("update-ref", "refs/pull/7/head", head)
    repository.git("reset", "--quiet", "--hard", "HEAD^")
    assert (local(tmp_path / "work").checkout(repository.url, head) / "a").read_text() == "pull request"


def test_checkout_survives_a_branch_that_became_a_folder(repository: Repository, tmp_path: Path) -> None:
    git = local(tmp_path / "work")
    repository.git("checkout", "--quiet", "-b", "topic")
    git.checkout(repository.url, repository.commit({"a": "1"}))
    repository.git("checkout", "--quiet", "-b", "main2")
    repository.git("branch", "--quiet", "-D", "topic")
    repository.git("checkout", "--quiet", "-b", "topic/next")
    assert git.checkout(repository.url, repository.commit({"a": "2"})).is_dir()


def test_checkout_clears_what_a_killed_git_left(repository: Repository, tmp_path: Path) -> None:
    git = local(tmp_path / "work")
    git.checkout(repository.url, repository.commit({"a": "1"}))
    mirror = tmp_path / "work" / "mirrors" / "acme-app.git"
    (mirror / "packed-refs.lock").touch()
    (mirror / "refs" / "heads" / "main.lock").touch()
    abandoned = tmp_path / "work" / "checkouts" / ".acme-app.git-abandoned"
    abandoned.mkdir()
    assert git.checkout(repository.url, repository.commit({"a": "2"})).is_dir()
    assert not abandoned.exists()


def test_checkout_survives_a_git_that_was_killed_while_it_made_the_mirror(
    repository: Repository, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"
    killed.write_text('#!/bin/sh\nfor last; do :; done\nmkdir -p "$last"\necho "ref: x" > "$last/HEAD"\nkill -9 $$\n')
    killed.chmod(0o755)
    sha = repository.commit({"a": "1"})
    with pytest.raises(DeployError, match="git failed"):
        local(tmp_path / "work", program=str(killed)).checkout(repository.url, sha)
    assert (local(tmp_path / "work").checkout(repository.url, sha) / "a").read_text() == "1"


def test_checkout_of_an_empty_commit_gives_an_empty_folder(repository: Repository, tmp_path: Path) -> None:
    assert list(local(tmp_path / "work").checkout(repository.url, repository.commit({})).iterdir()) == []


def test_checkout_of_an_unknown_commit_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"a": "1"})
    with pytest.raises(DeployError, match=f"has no commit {ABSENT}") as caught:
        local(tmp_path / "work").checkout(repository.url, ABSENT)
    assert "push the commit" in caught.value.todo
    assert not (tmp_path / "work" / "checkouts" / ABSENT).exists()


def test_checkout_from_a_missing_repository_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no such repository"):
        local(tmp_path / "work").checkout(f"file://{tmp_path}/nowhere/app", ABSENT)


def test_checkout_by_several_at_once_gives_one_complete_tree(repository: Repository, tmp_path: Path) -> None:
    sha = repository.commit({f"{n}.txt": str(n) for n in range(50)})
    with ThreadPoolExecutor(6) as pool:
        trees = list(pool.map(lambda _: local(tmp_path / "work").checkout(repository.url, sha), range(6)))
    assert {len(list(tree.iterdir())) for tree in trees} == {50}
    assert [p.name for p in (tmp_path / "work" / "checkouts").iterdir()] == [sha]


def test_is_ancestor_knows_the_history(repository: Repository, tmp_path: Path) -> None:
    first, second = repository.commit({"a": "1"}), repository.commit({"a": "2"})
    git = local(tmp_path / "work")
    git.checkout(repository.url, second)
    answers = [git.is_ancestor(*p) for p in ((first, second), (second, first), (second, second), (ABSENT, second))]
    assert answers == [True, False, True, False]


def test_is_ancestor_starts_no_program_for_what_it_knows(repository: Repository, tmp_path: Path) -> None:
    first, second = repository.commit({"a": "1"}), repository.commit({"a": "2"})
    real = LocalProcess(environment=os.environ, clock=SystemClock())

    def run(call: ProcessCall) -> Completed:
        return real.run(call.argv, cwd=call.cwd, env=call.env, timeout=call.timeout, stdin=call.stdin)

    process = FakeProcess(run)
    git = local(tmp_path / "work", process)
    with pytest.raises(DeployError, match="no mirror has the commit"):
        git.is_ancestor(first, second)
    git.checkout(repository.url, second)
    assert git.is_ancestor(first, second)
    started = len(process.calls)
    assert git.is_ancestor(first, second)
    assert len(process.calls) == started
    assert not git.is_ancestor(second, first)


def test_is_ancestor_of_a_commit_that_no_mirror_has_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no mirror has the commit"):
        local(tmp_path / "work").is_ancestor(ABSENT, ABSENT)


def test_checkouts_that_nobody_used_for_two_weeks_are_removed_when_one_is_made(
    repository: Repository, tmp_path: Path
) -> None:
    clock = FakeClock()
    git = local(tmp_path / "work", clock=clock)
    old, used = repository.commit({"a": "1"}), repository.commit({"a": "2"})
    for sha in (old, used):
        git.checkout(repository.url, sha)
    clock.sleep(13 * 86_400)
    git.checkout(repository.url, used)
    clock.sleep(2 * 86_400)
    new = git.checkout(repository.url, repository.commit({"a": "3"}))
    assert {path.name for path in new.parent.iterdir()} == {used, new.name}
    assert git.checkout(repository.url, old).is_dir()
