"""Files of trees that nobody has reviewed."""

from dataclasses import replace
from pathlib import Path

from deploy_pipeline.checks.tree_files import has_folder, head_spec, matching_files, new_suppressions, text_of
from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.subject import ChangedFile
from deploy_pipeline_tests.checks.benches import a_subject, a_tree


def test_no_link_is_followed(tmp_path: Path) -> None:
    secret = a_tree(tmp_path / "outside", {"secret": "s3cret", "main.tf": ""})
    tree = a_tree(tmp_path / "head", {"a/b.tf": "text", "Dockerfile": "FROM a"})
    (tree / "link").symlink_to(secret / "secret")
    (tree / "folder").symlink_to(secret)
    (tree / "Dockerfile.x").symlink_to(secret / "secret")
    assert text_of(str(tree), "a/b.tf") == "text"
    for path in ("link", "folder/secret", "../outside/secret", "nowhere", "a"):
        assert text_of(str(tree), path) is None
    assert has_folder(str(tree), "a")
    assert has_folder(str(tree), ".")
    assert not has_folder(str(tree), "folder")
    assert not has_folder(str(tree), "../outside")
    assert matching_files(str(tree), ("Dockerfile*", "*.tf"), (".",)) == ("Dockerfile", "a/b.tf")
    assert matching_files(str(tree), ("Dockerfile*", "*.tf"), ("a",)) == ("a/b.tf",)


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"large": "x" * (1024 * 1024 + 1), "small": "x" * 1024 * 1024})
    assert text_of(str(tree), "large") is None
    assert text_of(str(tree), "small") is not None


def test_head_spec_is_none_where_it_is_no_spec(tmp_path: Path) -> None:
    assert head_spec(a_subject(a_tree(tmp_path / "a", {}))) is None
    assert head_spec(a_subject(a_tree(tmp_path / "b", {"deploy.yaml": "version: 1\n"}))) is None


def test_new_suppressions(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"a.tf": "#trivy:ignore:AWS-0107\n", "b.tf": "#trivy:ignore:AWS-0107\n"})
    changes = (ChangedFile("a.tf", "modified", ((1, 1),)), ChangedFile("b.tf", "modified"), ChangedFile("c", "removed"))
    found = new_suppressions("trivy_config", replace(a_subject(tree), changes=changes))
    assert [(each.path, each.line, each.blocks) for each in found] == [("a.tf", 1, False)]


def test_names_that_no_file_can_have_are_no_files(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {})
    (tree / "circle").symlink_to("circle")
    for path in ("circle", "circle/a", "a\0b", "x" * 5000, f"{'x' * 300}/a"):
        assert (text_of(str(tree), path), has_folder(str(tree), path)) == (None, False)


def test_names_with_line_breaks_match(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"a\nb/Dockerfile": ""})
    assert matching_files(str(tree), ("Dockerfile",), (".",)) == ("a\nb/Dockerfile",)


def test_a_file_that_is_too_large_is_said_not_to_be_looked_at(tmp_path: Path) -> None:
    tree = a_tree(tmp_path, {"a.tf": "#" * (1024 * 1024 + 1), "model.bin": "#" * (1024 * 1024 + 1)})
    changes = (ChangedFile("a.tf", "modified"), ChangedFile("model.bin", "modified"))
    found = new_suppressions("trivy_config", replace(a_subject(tree), changes=changes))
    message = "larger than 1 MiB: not looked at for comments that silence this check"
    assert found == (Finding("new-suppression", message, "warning", "a.tf", blocks=False),)
