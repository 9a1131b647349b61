"""What in a stack's files may give another plan although nothing in the commit has changed, and where they point.

It is no parser of HCL. It looks for what it knows to be safe, and doubts the rest: a stack in doubt is always planned.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Facts of an account, a region or a partition, or made of their arguments alone.
LASTING_DATA = frozenset({
    "aws_arn", "aws_availability_zones", "aws_caller_identity", "aws_canonical_user_id", "aws_default_tags",
    "aws_elb_service_account", "aws_iam_policy_document", "aws_partition", "aws_region", "aws_service_principal",
})  # fmt: skip
BLOCKS = frozenset({
    "terraform", "provider", "variable", "output", "locals", "resource", "data", "module", "moved", "removed", "import",
    "check",
})  # fmt: skip

# Planned anew once a date has passed.
_CLOCK = re.compile(r"\b(time_rotating|tls_self_signed_cert|tls_locally_signed_cert|acme_certificate)\b")
_HEAD = re.compile(r"^([ \t]*)(data|module|ephemeral|action|list)\b(?![ \t]*[=.:\])(,])(.*)$", re.M)
_TOP = re.compile(r"^([A-Za-z_][\w-]*)(?=[ \t]*[\"{/]|[ \t]+\w)", re.M)
_DATA = re.compile(r'\s*"([\w-]+)"\s*"[\w-]+"\s*\{')
_MODULE = re.compile(r'\s*"[\w-]+"\s*\{\s*(?:(?:#|//).*)?$')
_SOURCE = re.compile(r'^\s*source\s*=\s*"([^"]*)"', re.M)
_CHANGING = re.compile(r"\b(timestamp|plantimestamp|uuid|bcrypt)\s*(\(|/\*)|\bprovider::|\bpath\s*\.\s*cwd\b")
_ELSEWHERE = re.compile(r"\b(abspath|dirname|pathexpand)\s*(\(|/\*)")
_READS = re.compile(r"\b(file\w*|templatefile)\s*\(\s*")
_INSIDE = re.compile(r'path\.(module|root)\s*,|"(\$\{\s*path\.(module|root)\s*\}/|(?![/~$%\\])[^"]*")')
_ABSOLUTE = re.compile(r'\b(filename|source|source_file|source_dir|source_path)\s*=\s*"[/~]')
_UPWARDS = re.compile(r"(?<![.\w])\.\.(?!\.)(?:/(?:[\w.@+-]+/?)*)?")
_OF_MODULE = re.compile(r"\bpath\s*\.\s*module\s*\}/$")
_INSIDE_A_PATH = re.compile(r"[\w-]/$")
_FROM_ANYWHERE = re.compile(r"(?<!path\.module)(?<!path\.root)\}/\.\.")
_TEMPLATE = re.compile(r"[$%]\{")
_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"')
_CODE_AFTER_COMMENT = re.compile(r"\*/[ \t]*\w")
_IGNORED = re.compile(r"^([ \t]+)lifecycle\b[^}]*?^[ \t]+ignore_changes\s*=\s*\[([^\]]*)\]", re.M)
_ATTRIBUTE = re.compile(r"([ \t]+)(\w+)\s*=")


def doubts_of(name: str, text: str) -> Iterator[str]:
    """Why a file of a stack, or of a module of it, may mean something else tomorrow."""
    if name.endswith((".tf.json", ".tofu", ".tofu.json")):
        yield "is written in a syntax that is not looked into"
    elif name.endswith(".tf"):
        yield from _configuration(text)
    elif _TEMPLATE.search(text):
        yield from _template(text)


def _template(text: str) -> Iterator[str]:
    if _CHANGING.search(text):
        yield "is a template that may give something else each time"
    if _ELSEWHERE.search(text) or any(not _INSIDE.match(text, match.end()) for match in _READS.finditer(text)):
        yield "is a template that may read a file that is not in the repository"


def _configuration(text: str) -> Iterator[str]:
    text = "\n" + text.lstrip("\ufeff").replace("\r\n", "\n")
    for match in _HEAD.finditer(text):
        yield from _block(match, text)
    yield from (f"has a block {word!r}" for word in _TOP.findall(text) if word not in BLOCKS)
    yield from _changing(text)
    if elsewhere := _ELSEWHERE.search(text):
        yield f"uses {elsewhere[1]}, which may lead anywhere"
    if clock := _CLOCK.search(text):
        yield f"has {clock[1]}, whose plan depends on the date"
    if _FROM_ANYWHERE.search(text):
        yield "goes upwards from a folder that is filled in"
    if any(not _INSIDE.match(text, match.end()) for match in _READS.finditer(text)) or _ABSOLUTE.search(text):
        yield "may read a file that is not in the repository"
    if any(_hides_code(line) for line in text.split("\n")):
        yield "has a comment in front of code"


def _hides_code(line: str) -> bool:
    """Whether something may follow the end of a comment on its line: blocks are looked for where lines begin."""
    found = _CODE_AFTER_COMMENT.search(line) is not None
    return found and (line.count('"') % 2 == 1 or _CODE_AFTER_COMMENT.search(_TEXT.sub('""', line)) is not None)


def _changing(text: str) -> Iterator[str]:
    for match in _CHANGING.finditer(text):
        start, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
        line = text[start : end if end >= 0 else len(text)]
        comment = line.lstrip().startswith(("#", "//")) and not _TEMPLATE.search(line)
        if not comment and not _is_ignored(line, text, start):
            yield f"uses {match[0].rstrip('(/* ')}, which gives something else each time"


def _is_ignored(line: str, text: str, start: int) -> bool:
    """Whether the line sets an attribute of a resource whose changes the resource ignores."""
    head, end = text.rfind("\nresource ", 0, start), text.find("\n}", start)
    attribute = _ATTRIBUTE.match(line)
    if attribute is None or head < 0 or end < 0 or "\n}" in text[head:start]:
        return False
    ignored = _IGNORED.search(text, head, end)
    names = {name.strip() for name in ignored[2].split(",")} if ignored else set()
    return ignored is not None and ignored[1] == attribute[1] and attribute[2] in names


def _block(match: re.Match[str], text: str) -> Iterator[str]:
    indent, word, rest = match.groups()
    if word == "data":
        kind = _DATA.match(rest)
        if kind is None or kind[1] not in LASTING_DATA:
            yield f"reads the world: data{rest.rstrip(' {')}"
    elif word == "module":
        end = re.compile(rf"^{re.escape(indent)}\}}", re.M).search(text, match.end())
        sources = _SOURCE.findall(text, match.end(), end.start() if end else len(text))
        if _MODULE.match(rest) is None or not sources or not sources[0].startswith(("./", "../")):
            yield f"takes a module from elsewhere: module{rest.rstrip(' {')}"
    else:
        yield f"has a block {word!r}"


@dataclass(frozen=True)
class UpwardPath:
    """A path out of its folder: `../x/y`, or `..` alone. With `of_module` it starts at the file that has it.

    Any other may also start where Terraform runs, which is the stack's folder. What is filled in is cut off.
    """

    path: str
    of_module: bool = False


def upward_paths(name: str, text: str) -> frozenset[UpwardPath]:
    """What looks like a path upwards, comments included.

    Only what Terraform reads as its language has paths: its files, and templates.
    """
    if not name.endswith((".tf", ".tf.json", ".tfvars", ".tfvars.json")) and not _TEMPLATE.search(text):
        return frozenset()
    return frozenset(_upward(match, text) for match in _UPWARDS.finditer(text))


def _upward(match: re.Match[str], text: str) -> UpwardPath:
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() : match.end() + 1]
    path = match[0]
    if _INSIDE_A_PATH.search(before):
        path = "../" * path.count("..")  # from a folder on the way: whatever it is, what is meant lies below this one
    elif after and after in "$%":
        path = path[: path.rfind("/") + 1]
    elif path != ".." and not after.strip("\"') \n"):
        path = path.rstrip(".")  # of a sentence
    return UpwardPath(path, _OF_MODULE.search(before) is not None)
