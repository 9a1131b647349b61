"""Which images a Dockerfile takes in, and when that is not certain."""

import pytest

from deploy_pipeline.core.dockerfile import bases_of


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("FROM scratch\n", {}, ()),
        ("FROM python:3.11\nRUN true\n", {}, ("python:3.11",)),
        ("from python:3.11 as base\nFROM base\nFROM BASE\n", {}, ("python:3.11",)),
        ("ARG BASE=python:3.11\nFROM ${BASE}\n", {}, ("python:3.11",)),
        ("ARG BASE=python:3.11\nFROM $BASE\n", {"BASE": "python:3.12"}, ("python:3.12",)),
        ("ARG TAG=3.11\nARG BASE=python:$TAG\nFROM $BASE\n", {"TAG": "3.12"}, ("python:3.12",)),
        ("ARG BASE\nFROM $BASE\n", {"BASE": "a"}, ("a",)),
        ("ARG UNUSED\nFROM a\n", {}, ("a",)),
        ('ARG BASE="python:3.11"\nFROM $BASE\n', {}, ("python:3.11",)),
        ("FROM a\nARG BASE=b\nFROM c\n", {}, ("a", "c")),
        ("FROM a AS one\nFROM b\nCOPY --from=one /x /\nCOPY --from=0 /x /\nCOPY --from=c:1 /x /\n", {},
         ("a", "b", "c:1")),
        ("FROM a AS one\nFROM b\nCOPY --chown=1:1 --from=c /x /\n", {}, ("a", "b", "c")),
        ("# a comment\n\nFROM \\\n  # another\n\n  a\n", {}, ("a",)),
        ("FROM\ta\r\nCOPY . .\r\n", {}, ("a",)),
        ("FROM a\nRUN echo 'FROM b'\nRUN x \\\n  FROM c\n", {}, ("a",)),
        ("\ufeffFROM a\n", {}, ("a",)),
        ("FROM a\nADD files.tar /\n", {}, ("a",)),
        ("FROM 0\n", {}, ("0",)),
        ("FROM a\nRUN echo \x0c FROM b\n", {}, ("a",)),
    ],
)  # fmt: skip
def test_bases_of(text: str, args: dict[str, str], expected: tuple[str, ...]) -> None:
    found = bases_of(text, args)
    assert (found.references, found.doubt) == (expected, "")


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("", "no FROM"),
        ("RUN true\n", "no FROM"),
        ("# syntax=docker/dockerfile:1\nFROM a\n", "parser directive"),
        ("# escape=`\nFROM a\n", "parser directive"),
        ("FROM a\nRUN <<EOF\nFROM b\nEOF\n", "here-document"),
        ("FROM $BASE\n", "no value"),
        ("ARG BASE\nFROM $BASE\n", "no value"),
        ("ARG BASE=\nFROM $BASE\n", "no value"),
        ("ARG A=b\nFROM ${A:-c}\n", "not understood"),
        ("FROM ${TARGETARCH}/a\n", "no value"),
        ("ARG A='x y'\nFROM a\n", "not understood"),
        ("FROM --platform=linux/arm64 a\n", "platform"),
        ("FROM a b c\n", "not understood"),
        ("FROM a\nADD https://example.com/x /\n", "not in the build context"),
        ("FROM a\nadd [\"https://example.com/x\", \"/\"]\n", "not in the build context"),
        ("FROM a\nADD git@example.com:x.git /\n", "not in the build context"),
        ("FROM a\nARG U\nADD $U /\n", "not in the build context"),
        ("FROM a\nAD\\\nD http\\\n://example.com /\n", "not in the build context"),
        ("FROM a\nCOPY --from=$X /a /\n", "copies from"),
        ("FROM a AS b\nONBUILD ADD https://example.com/x /\nFROM b\n", "ONBUILD"),
        ("FROM a AS b\nonbuild copy --from=other /a /\nFROM b\n", "ONBUILD"),
        ("FROM a\nRUN --mount=type=bind,from=b true\n", "mounts"),
        ("FROM a\n# escape=`\nADD x \\\x0c https://example.com/x /\n", "not in the build context"),
    ],
)  # fmt: skip
def test_bases_of_what_is_not_certain(text: str, doubt: str) -> None:
    found = bases_of(text, {})
    assert found.references == ()
    assert doubt in found.doubt
