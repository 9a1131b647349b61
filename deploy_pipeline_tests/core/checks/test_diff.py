"""Reading git's difference: what the tests with a real git cannot reach."""

from deploy_pipeline.core.checks.diff import read_changes
from deploy_pipeline.core.checks.subject import ChangedFile

ZERO, SOME = b"0" * 40, b"1" * 40
PATCH = b"""\
:000000 100644 %(zero)s %(some)s A\ta.py
:000000 100644 %(zero)s %(some)s A\tb.py

diff --git a/a.py b/a.py
new file mode 100644
index 000..111
--- /dev/null
+++ b/a.py
@@ -0,0 +1,2 @@
+one
+two
\\ No newline at end of file
diff --git a/b.py b/b.py
--- /dev/null
+++ b/b.py
@@ -0,0 +1 @@
+one
""" % {b"zero": ZERO, b"some": SOME}


def lines(text: bytes) -> list[bytes]:
    return text.splitlines(keepends=True)


def test_read_changes_reads_lines_of_each_file() -> None:
    assert read_changes(lines(PATCH)) == (
        ChangedFile("a.py", "added", ((1, 2),)),
        ChangedFile("b.py", "added", ((1, 1),)),
    )


def test_read_changes_names_all_files_of_a_patch_that_is_too_long() -> None:
    cut = PATCH.index(b"diff --git a/b.py") - PATCH.index(b"\ndiff --git a/a.py")
    assert read_changes(lines(PATCH), patch_bytes=cut) == (
        ChangedFile("a.py", "added", ((1, 2),)),
        ChangedFile("b.py", "added"),
    )


def test_read_changes_of_nothing_is_nothing() -> None:
    assert read_changes([]) == ()
