"""Untrusted text in Markdown, read by the parser that GitHub uses."""

from html.parser import HTMLParser

import cmarkgfm  # type: ignore[import-untyped]  # its authors publish no types
import pytest
from cmarkgfm.cmark import Options  # type: ignore[import-untyped]  # its authors publish no types
from hypothesis import given
from hypothesis import strategies as st

from deploy_pipeline.core.checks.markdown import blob, code, prose, row
from deploy_pipeline.core.checks.plain_text import plain

ZERO_WIDTH = "\u200b"
PIECES = ("http://", "www.", "a@b.c", "</details>", "<!--", "a1", *"`|\\<>&*_[]()!~$^+@#:/.-= \n\r\t\u202e\u200b\x1b")
SPICY = st.lists(st.sampled_from(PIECES)).map("".join)


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, options=Options.CMARK_OPT_UNSAFE))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append("comment")

    def handle_data(self, data: str) -> None:
        self.text += data.replace(ZERO_WIDTH, "")


@given(SPICY | st.text())
def test_prose_shows_the_text_itself_in_a_sentence_and_in_a_cell(text: str) -> None:
    shown = f"see {plain(text, 300)}, ok"
    sentence, table = (
        Page(f"see {prose(text)}, ok"),
        Page(f"{row('a', 'b')}\n|-|-|\n{row(f'see {prose(text)}, ok', 'c')}"),
    )
    assert (sentence.tags, sentence.text) == (["p"], f"{shown}\n")
    assert table.tags == ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "td"]
    assert table.text.split("\n")[9] == shown


@given(SPICY | st.text())
def test_code_shows_the_text_itself(text: str) -> None:
    page = Page(f"see {code(text)}, ok")
    assert (set(page.tags) <= {"p", "code"}, page.text) == (True, f"see {plain(text, 300)}, ok\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain (words), really; 50 % done: a-b/c.py?", "plain (words), really; 50 % done: a-b/c.py?"),
        ("@acme/admins #12 GH-3", "@&#8203;acme/admins #&#8203;12 GH&#8203;-3"),
        ("https://e.example www.e.example", "https:&#8203;//e.example www&#8203;.e.example"),
        (":shipit: 10:30:00", ":&#8203;shipit: 10:&#8203;30:00"),
        ("a|b\\|c", "a&#124;b\\\\&#124;c"),
        ("two\nlines\u202e\x1b[0m", "two lines \\[0m"),
        ("", ""),
    ],
)
def test_prose(text: str, expected: str) -> None:
    assert prose(text) == expected


def test_prose_is_cut_before_it_is_escaped() -> None:
    assert prose("*" * 1000, 3) == "\\*\\*…"


@pytest.mark.parametrize(
    ("text", "expected"), [("a_b[0]", "`a_b[0]`"), ("a`b", "a\\`b"), ("a|b", "a&#124;b"), ("", ""), ("\n", "")]
)
def test_code(text: str, expected: str) -> None:
    assert code(text) == expected


@pytest.mark.parametrize(
    ("path", "lines", "expected"),
    [
        ("a/b.py", (), "u/blob/s/a/b.py"),
        ("a/b.py", (3,), "u/blob/s/a/b.py#L3"),
        ("a/b.py", (3, 5), "u/blob/s/a/b.py#L3-L5"),
        ("a/b.py", (3, 1), "u/blob/s/a/b.py#L3"),
        ("ä ?#(x)).py", (), "u/blob/s/%C3%A4%20%3F%23%28x%29%29.py"),
        ("half\ud800", (), "u/blob/s/half%3F"),
        ("", (), ""),
        ("/etc/passwd", (), ""),
        ("a/../../../settings", (), ""),
        ("./a", (), ""),
    ],
)
def test_blob(path: str, lines: tuple[int, ...], expected: str) -> None:
    assert blob("u", "s", path, *lines) == expected
