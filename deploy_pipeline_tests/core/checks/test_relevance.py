"""Which checks a change concerns."""

import pytest

from deploy_pipeline.core.checks.relevance import relevant
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline.core.spec import CheckSpec, ChecksSpec

ALL = ChecksSpec()


def changed(*paths: str) -> tuple[ChangedFile, ...]:
    return tuple(ChangedFile(path, "modified") for path in paths)


@pytest.mark.parametrize(
    ("check", "changes", "expected"),
    [
        (ALL.black, changed("deep/a.py"), None),
        (ALL.black, (ChangedFile("a.py", "removed"),), None),
        (ALL.black, changed("README.md"), "no changed file matches *.py, *.pyi"),
        (ALL.black, (), "no file changed"),
        (ALL.spec, changed("sub/deploy.yaml"), "no changed file matches /deploy.yaml"),
        (ALL.spec, changed("deploy.yaml"), None),
        (
            ALL.trivy_config,
            changed("a.py"),
            "no changed file matches *.tf, *.tfvars, *.tf.json, .terraform.lock.hcl, …",
        ),
        (ALL.tfsec, changed("main.tf"), "switched off in deploy.yaml"),
        (CheckSpec(), changed("anything"), None),
        (CheckSpec(), (), "no file changed"),
        (CheckSpec(paths=("docs/",)), changed("a/docs/b/c.md"), None),
        (CheckSpec(paths=("/docs",)), changed("a/docs"), "no changed file matches /docs"),
        (CheckSpec(paths=("*.py", "oops\\")), changed("README.md"), None),
        (ALL.black, changed("new\nline/a.py"), None),
        (ALL.black, changed("a\n.py"), None),
    ],
)
def test_relevant(check: CheckSpec, changes: tuple[ChangedFile, ...], expected: str | None) -> None:
    assert relevant(check, changes) == expected


@pytest.mark.parametrize(
    ("also", "path", "expected"),
    [
        (("terraform/main",), "terraform/main/policy.json", True),
        (("./terraform/main/",), "terraform/main", True),
        (("terraform/main",), "terraform/mainly/policy.json", False),
        (("deps/prod.txt",), "deps/prod.txt", True),
        (("a*",), "ab", False),
        ((".",), "anything", True),
    ],
)
def test_files_and_folders_that_count_whatever_the_patterns(also: tuple[str, ...], path: str, expected: bool) -> None:
    assert (relevant(ALL.black, changed(path), also) is None) is expected


def test_what_counts_as_well_switches_nothing_on() -> None:
    assert relevant(ALL.tfsec, changed("a"), ("a",)) == "switched off in deploy.yaml"
