"""Requirement files: what is an exact version, and what nobody can audit."""

import pytest

from deploy_pipeline.core.checks.assessment import Finding
from deploy_pipeline.core.checks.pins import Pin, Requirements, read_requirements, round_text, rounds


def unaudited(line: int, subject: str, why: str) -> Finding:
    message = f"{subject} {why}, so it was not audited"
    return Finding("not-audited", message, "warning", "r.txt", line, 0, subject, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Requirements()),
        ("# only\n\n  # comments\n", Requirements()),
        (
            "Jinja2==2.10  # old\nzope.interface[test] == 5.0 ; python_version > '3'\n",
            Requirements((Pin("r.txt", 1, "jinja2", "2.10"), Pin("r.txt", 2, "zope-interface", "5.0"))),
        ),
        (
            "a==1.0 \\\n    --hash=sha256:0a \\\n    --hash=sha256:0b\nb===2\n",
            Requirements((Pin("r.txt", 1, "a", "1.0"), Pin("r.txt", 4, "b", "2"))),
        ),
        ("--index-url https://x/simple\n-r other.txt\n", Requirements()),
        ("-r missing.txt\n", Requirements((), (unaudited(1, "-r missing.txt", "is not a requirement by name"),))),
        ("flask>=1\n", Requirements((), (unaudited(1, "flask>=1", "has no exact version"),))),
        ("flask==1.*\n", Requirements((), (unaudited(1, "flask==1.*", "has no exact version"),))),
        ("flask\n", Requirements((), (unaudited(1, "flask", "has no exact version"),))),
        ("flask==1,==2\n", Requirements((), (unaudited(1, "flask==1,==2", "has no exact version"),))),
        ("a @ https://x/a.whl\n", Requirements((), (unaudited(1, "a @ https://x/a.whl", "comes from a URL"),))),
        ("-e .\n", Requirements((), (unaudited(1, "-e .", "is not a requirement by name"),))),
        ("--editable=.\n", Requirements((), (unaudited(1, "--editable=.", "is not a requirement by name"),))),
        (
            "git+https://x/y\x1b[31m\n",
            Requirements((), (unaudited(1, "git+https://x/y [31m", "is not a requirement by name"),)),
        ),
        ("--pre\n-f ./wheels\n--trusted-host=a\n--no-binary :all:\n", Requirements()),
        *(
            (f"{line}\n", Requirements((), (unaudited(1, line, "is not a requirement by name"),)))
            for line in (
                "--requirem other.txt",
                "--edit .",
                "--req=other.txt",
                "--pre -r other.txt",
                "--pre=x",
                "--index-url x -e .",
                "--index-url -rother.txt",
                "--unknown",
            )
        ),
        ("a==1\\", Requirements((Pin("r.txt", 1, "a", "1"),))),
    ],
)
def test_read_requirements(text: str, expected: Requirements) -> None:
    assert read_requirements({"r.txt": text, "other.txt": ""}) == expected


def test_each_round_has_a_name_only_once() -> None:
    pins = [Pin("r.txt", 1, "a", "1"), Pin("b.txt", 1, "a", "1"), Pin("b.txt", 2, "a", "2"), Pin("b.txt", 3, "b", "1")]
    assert rounds(pins) == ({"a": "1", "b": "1"}, {"a": "2"})
    assert round_text({"a": "1", "b": "1"}) == "a==1\nb==1\n"
    assert rounds([]) == ()


@pytest.mark.parametrize("line", ["a; " + "(" * 5000 + "python_version>'3'" + ")" * 5000, "a==" + "1" * 5000])
def test_what_no_parser_can_take_is_unaudited(line: str) -> None:
    found = read_requirements({"r.txt": line})
    assert (found.pins, len(found.unaudited)) == ((), 1)
