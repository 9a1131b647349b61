"""The git gateway on how two commits relate and differ, over real repositories on this machine."""

import os
import subprocess
from pathlib import Path

import pytest

from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.errors import DeployError
from deploy_pipeline.gateways.clock import SystemClock
from deploy_pipeline.gateways.git import GitSettings, LocalGit
from deploy_pipeline.gateways.process import LocalProcess
from deploy_pipeline_tests.gateways.git_case import ABSENT, IDENTITY, Repository, local


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "acme" / "app")


def changes(repository: Repository, base: str, head: str, tmp_path: Path) -> tuple[ChangedFile, ...]:
    git = local(tmp_path / "work")
    git.checkout(repository.url, head)
    found = git.changes(base, head)
    assert [path.name for path in (tmp_path / "work" / "mirrors").iterdir() if path.name.startswith(".")] == []
    return found


def test_changes_names_kinds_and_lines(repository: Repository, tmp_path: Path) -> None:
    ten = "".join(f"{n}\n" for n in range(10))
    base = repository.commit({"kept": "k", "gone.py": "x\n", "edited.py": ten, "shorter.py": ten, "run.sh": "#!\n"})
    (repository.folder / "gone.py").unlink()
    (repository.folder / "run.sh").chmod(0o755)
    head = repository.commit({
        "edited.py": ten.replace("2\n", "two\nand a half\n").replace("9\n", "9"),
        "shorter.py": ten.replace("5\n", ""),
        "deep/new.py": "a\nb\nc",
    })  # fmt: skip
    assert changes(repository, base, head, tmp_path) == (
        ChangedFile("deep/new.py", "added", ((1, 3),)),
        ChangedFile("edited.py", "modified", ((3, 4), (11, 11))),
        ChangedFile("gone.py", "removed"),
        ChangedFile("run.sh", "modified"),
        ChangedFile("shorter.py", "modified"),
    )


def test_changes_shows_a_rename_as_one_removed_and_one_added(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit({"old.py": "same\n" * 20})
    repository.git("mv", "old.py", "new.py")
    assert changes(repository, base, repository.commit({}), tmp_path) == (
        ChangedFile("new.py", "added", ((1, 20),)),
        ChangedFile("old.py", "removed"),
    )


def test_changes_survives_hostile_names_and_contents(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit({"forged.txt": "-- a/other\n"})
    forged = "++ b/forged\n@@ -0,0 +7,7 @@\ndiff --git a/x b/x\n+++ b/odd name\n\r\x0b\x0c\u2028:100644\n"
    names = ["odd name", 'quote"', "tab\there", "line\nfeed", "back\\slash", "näme", "--option", ":raw"]
    head = repository.commit({name: "1\n" for name in names} | {"forged.txt": forged})
    latin = os.fsencode(repository.folder) + b"/caf\xe9"
    Path(os.fsdecode(latin)).write_text("1\n")
    head = repository.commit({})
    expected = {name: ((1, 1),) for name in [*names, "caf\\xe9"]} | {"forged.txt": ((1, 5),)}
    assert {change.path: change.lines for change in changes(repository, base, head, tmp_path)} == expected


def test_changes_gives_no_lines_of_binary_files_links_and_submodules(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit({"was_file": "text\n", "data.bin": "a\0b"})
    inner = Repository(tmp_path / "inner")
    inner.commit({"b": "b"})
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", inner.url, "sub")
    (repository.folder / "was_file").unlink()
    (repository.folder / "was_file").symlink_to("/etc/passwd")
    head = repository.commit({"data.bin": "a\0c", "empty": ""})
    found = changes(repository, base, head, tmp_path)
    assert [change for change in found if change.path != ".gitmodules"] == [
        ChangedFile("data.bin", "modified"),
        ChangedFile("empty", "added"),
        ChangedFile("sub", "added"),
        ChangedFile("was_file", "modified"),
    ]


def test_changes_runs_nothing_that_the_repository_or_this_machine_names(repository: Repository, tmp_path: Path) -> None:
    mark, home = tmp_path / "ran", tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    driver = f'[diff "x"]\n command = touch {mark}\n textconv = touch {mark}\n[diff]\n external = touch {mark}\n'
    (home / ".gitconfig").write_text(driver)
    (home / ".config" / "git" / "attributes").write_text("* diff=x\n")
    base = repository.commit({"a": "1\n", ".gitattributes": "* diff=x\n"})
    head = repository.commit({"a": "2\n"})
    environment = {**os.environ, "HOME": str(home), "GIT_EXTERNAL_DIFF": f"touch {mark}"}
    process = LocalProcess(environment=environment, clock=SystemClock())
    git = LocalGit(GitSettings(work=tmp_path / "work", environment=environment), process, SystemClock())
    git.checkout(repository.url, head)
    assert git.changes(base, head) == (ChangedFile("a", "modified", ((1, 1),)),)
    assert not mark.exists()


def test_changes_does_not_read_a_huge_text_file_even_if_an_attribute_calls_it_text(
    repository: Repository, tmp_path: Path
) -> None:
    base = repository.commit({"a": "1\n"})
    head = repository.commit({"huge.txt": "line\n" * 500_000, "a": "2\n", ".gitattributes": "*.txt diff\n"})
    assert changes(repository, base, head, tmp_path) == (
        ChangedFile(".gitattributes", "added", ((1, 1),)),
        ChangedFile("a", "modified", ((1, 1),)),
        ChangedFile("huge.txt", "added"),
    )


def test_changes_of_two_thousand_files_are_all_there(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit({})
    head = repository.commit({f"{n % 40}/{n}.py": f"{n}\n" for n in range(2000)})
    found = changes(repository, base, head, tmp_path)
    assert (len(found), {change.lines for change in found}) == (2000, {((1, 1),)})


def test_changes_of_equal_commits_are_none(repository: Repository, tmp_path: Path) -> None:
    only = repository.commit({"a": "1"})
    assert changes(repository, only, only, tmp_path) == ()


def test_merge_base_is_where_the_head_left(repository: Repository, tmp_path: Path) -> None:
    left = repository.commit({"a": "1"})
    main = repository.commit({"a": "2"})
    repository.git("checkout", "--quiet", "-b", "topic", left)
    head = repository.commit({"b": "1"})
    git = local(tmp_path / "work")
    git.checkout(repository.url, head)
    assert [git.merge_base(main, head), git.merge_base(left, head), git.merge_base(head, head)] == [left, left, head]


def test_merge_base_of_unrelated_commits_says_what_to_do(repository: Repository, tmp_path: Path) -> None:
    main = repository.commit({"a": "1"})
    repository.git("checkout", "--quiet", "--orphan", "other")
    head = repository.commit({"b": "1"})
    git = local(tmp_path / "work")
    git.checkout(repository.url, head)
    with pytest.raises(DeployError, match="no common history") as caught:
        git.merge_base(main, head)
    assert "rebase" in caught.value.todo


@pytest.mark.parametrize("shas", [(ABSENT, ABSENT), ("main", ABSENT), (ABSENT, "--output=/x")])
def test_commits_that_no_mirror_has_are_refused(shas: tuple[str, str], tmp_path: Path) -> None:
    git = local(tmp_path / "work")
    for ask in (git.merge_base, git.changes):
        with pytest.raises(DeployError, match=r"no mirror has the commit|not a full commit id"):
            ask(*shas)


def test_commits_of_different_repositories_are_refused(tmp_path: Path) -> None:
    repositories = [Repository(tmp_path / name / "app") for name in ("one", "two")]
    shas = [repository.commit({"a": repository.folder.parent.name}) for repository in repositories]
    git = local(tmp_path / "work")
    for repository, sha in zip(repositories, shas, strict=True):
        git.checkout(repository.url, sha)
    with pytest.raises(DeployError, match=f"no mirror has the commit {shas[0]} and the commit {shas[1]}"):
        git.changes(*shas)


def test_a_mirror_that_lost_its_objects_is_named(repository: Repository, tmp_path: Path) -> None:
    base, head = repository.commit({"a": "1\n"}), repository.commit({"a": "2\n"})
    git = local(tmp_path / "work")
    git.checkout(repository.url, head)
    mirror = tmp_path / "work" / "mirrors" / "acme-app.git"
    tree = repository.git("rev-parse", f"{base}^{{tree}}").strip()
    packs = sorted((mirror / "objects" / "pack").glob("*.pack"))
    for pack in packs:
        moved = pack.rename(tmp_path / pack.name)
        pack.with_suffix(".idx").unlink()
        with moved.open("rb") as source:
            environment = {**os.environ, **IDENTITY}
            subprocess.run(
                ["git", f"--git-dir={mirror}", "unpack-objects", "-q"], stdin=source, env=environment, check=True
            )
    (mirror / "objects" / tree[:2] / tree[2:]).unlink()
    with pytest.raises(DeployError, match="git failed") as caught:
        git.changes(base, head)
    assert caught.value.where == str(mirror)
