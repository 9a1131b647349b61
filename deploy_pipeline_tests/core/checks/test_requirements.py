"""Requirement files of a pull request: what gets through, rewritten, and what is refused with its line."""

import pytest

from deploy_pipeline.core.checks.requirements import (
    LARGEST_BYTES,
    Uninstallable,
    checked_requirements,
    included_files,
    installed_and_constraints,
)

HASHES = "--hash=sha256:abcd --hash=sha256:ef01"


def checked(files: dict[str, str], entries: tuple[str, ...] | None = None) -> dict[str, str]:
    result = checked_requirements({path: content.encode() for path, content in files.items()}, entries)
    again = checked_requirements({path: content.encode() for path, content in result.items()})
    assert again == result
    return result


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", ""),
        ("idna==3.7 # why\n\n# no\n", "idna==3.7\n"),
        ("\ufeffidna\r\nsix\r", "idna\nsix\n"),
        ("a[b,c]>=1,<2 ; python_version<'3.12'", 'a[b,c]<2,>=1; python_version < "3.12"\n'),
        ("a==1 \\\n  --hash=sha256:abcd \\\n  --hash=sha256:ef01\nb", f"a==1 {HASHES}\nb\n"),
        ("a==1 \\", "a==1\n"),
        ("a==1 \\\n# a comment\nb", "a==1\nb\n"),
    ],
)
def test_checked_requirements_rewrites(content: str, expected: str) -> None:
    assert checked({"requirements.txt": content}) == {"requirements.txt": expected}


def test_checked_requirements_follows_includes_and_keeps_constraints_apart() -> None:
    files = {
        "requirements.txt": "-r sub/more.txt\n--requirement=sub/more.txt\na",
        "sub/more.txt": "-c ../limits.txt\nb",
        "limits.txt": "-r limits2.txt\na==1",
        "limits2.txt": "b==2",
    }
    result = checked(files)
    assert result == {"requirements.txt": "-c limits.txt\nb\na\n", "limits.txt": "b==2\na==1\n"}
    assert installed_and_constraints(result) == (("requirements.txt",), ("limits.txt",))


def test_checked_requirements_of_a_file_that_is_installed_and_constrains() -> None:
    files = {"requirements.txt": "a==1", "dev.txt": "-c requirements.txt\nb"}
    result = checked(files, ("requirements.txt", "dev.txt"))
    assert result == {
        "requirements.txt": "a==1\n",
        "dev.txt": "-c requirements.txt.constraints\nb\n",
        "requirements.txt.constraints": "a==1\n",
    }
    assert installed_and_constraints(result) == (("requirements.txt", "dev.txt"), ("requirements.txt.constraints",))


def test_checked_requirements_ends_when_files_include_each_other() -> None:
    assert checked({"a": "-r b\nx", "b": "-r a\ny"}, ("a",)) == {"a": "y\nx\n"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("-i https://evil", "is an option that is not allowed"),
        ("--index-url=https://evil", "is an option that is not allowed"),
        ("--extra-index-url https://evil", "is an option that is not allowed"),
        ("--find-links /tmp", "is an option that is not allowed"),
        ("--trusted-host evil", "is an option that is not allowed"),
        ("--no-binary :all:", "is an option that is not allowed"),
        ("--pre", "is an option that is not allowed"),
        ("-e .", "is an option that is not allowed"),
        ("-e git+https://evil", "is an option that is not allowed"),
        ("-", "is an option that is not allowed"),
        ("git+https://evil/x", "is no name with versions"),
        ("https://evil/x.whl", "is no name with versions"),
        ("./here", "is no name with versions"),
        ("../there", "is no name with versions"),
        ("/etc/passwd", "is no name with versions"),
        ("${HOME}", "is no name with versions"),
        ("a==1 --global-option=x", "is no name with versions"),
        ("a==1 --config-settings x=y", "is no name with versions"),
        ("a==1 --hash=md5:abcd", "is no name with versions"),
        ("a\0b", "is no name with versions"),
        ("a @ https://evil/x.whl", "installs from an address"),
        ("a @ file:///etc", "installs from an address"),
        ("-r ../outside.txt", "names a file that is not in the repository"),
        ("-r /etc/passwd", "names a file that is not in the repository"),
        ("-c https://evil/c.txt", "names a file that is not in the repository"),
    ],
)
def test_checked_requirements_refuses(line: str, why: str) -> None:
    with pytest.raises(Uninstallable) as caught:
        checked_requirements({"sub/requirements.txt": f"# first\nidna\n{line}\n".encode()})
    assert (caught.value.where, caught.value.what) == ("sub/requirements.txt:3", f"`{line}` {why}")


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"\xff", "not UTF-8"),
        (b"\n" * (LARGEST_BYTES + 1), "larger than 512 KiB"),
        (b"\n" * 20_000, "more than 10000 lines"),
    ],
)
def test_checked_requirements_refuses_files(content: bytes, what: str) -> None:
    with pytest.raises(Uninstallable) as caught:
        checked_requirements({"requirements.txt": content})
    assert (caught.value.where, caught.value.what) == ("requirements.txt", what)


def test_checked_requirements_refuses_an_entry_that_is_not_there() -> None:
    with pytest.raises(Uninstallable, match="does not exist"):
        checked_requirements({}, ("requirements.txt",))


def test_a_refusal_shows_the_start_of_a_long_line() -> None:
    with pytest.raises(Uninstallable) as caught:
        checked_requirements({"r.txt": b"-x" + b"y" * 10_000})
    assert caught.value.what == f"`-x{'y' * 77}…` is an option that is not allowed"


def test_included_files() -> None:
    assert included_files("sub/a.txt", b"-r b.txt\n-c ../c.txt\nidna\n") == ("sub/b.txt", "c.txt")


@pytest.mark.parametrize("line", ["-r r.txt", "-c r.txt"])
def test_a_file_that_includes_itself_is_installed(line: str) -> None:
    done = checked_requirements({"r.txt": f"{line}\na==1\n".encode()})
    assert "a==1" in done["r.txt"].splitlines()


def test_files_that_include_each_other_are_installed() -> None:
    done = checked_requirements({"a.txt": b"-r b.txt\na==1\n", "b.txt": b"-r a.txt\nb==1\n"})
    assert done == {"a.txt": "b==1\na==1\n"}
