"""Makes a spec of the text of a deploy.yaml, or says everything that is wrong with it. Reads no files."""

from functools import lru_cache

from deploy_pipeline.core.spec import Spec
from deploy_pipeline.core.spec_mistakes import SpecError, mistake
from deploy_pipeline.core.spec_positions import Flaw, Unreadable
from deploy_pipeline.core.spec_references import check_references
from deploy_pipeline.core.spec_validation import validate
from deploy_pipeline.core.spec_yaml import read_yaml

MAX_BYTES = 1024 * 1024

REMEMBERED = 8


@lru_cache(REMEMBERED)  # sensors read the same file every few seconds, and to parse it is most of their work
def load_spec(text: str | bytes, file: str = "deploy.yaml") -> Spec:
    """Read a spec: YAML 1.2 in UTF-8, up to 1 MiB. `file` is the name that mistakes carry.

    Raises SpecError with all mistakes of shape, type, value and reference at once; a file that is not YAML has one.
    """
    try:
        root, flaws = read_yaml(_decode(text))
    except Unreadable as error:
        raise SpecError([mistake(file, error.flaw)]) from error
    spec, invalid = validate(root)
    flaws = _without_repetition([*flaws, *invalid, *check_references(root)])
    if flaws or spec is None:
        raise SpecError(mistake(file, flaw) for flaw in flaws)
    return spec


def _decode(text: str | bytes) -> str:
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise Unreadable(Flaw((), 1, f"more than {MAX_BYTES} bytes", "a smaller file"))
    if isinstance(text, str):
        return text
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise Unreadable(Flaw((), line, f"the byte 0x{text[error.start]:02x}", "UTF-8")) from error


def _without_repetition(flaws: list[Flaw]) -> list[Flaw]:
    """One flaw per place: the first is the cause, the later ones follow from it."""
    first: dict[tuple[object, ...], Flaw] = {}
    for flaw in flaws:
        first.setdefault(flaw.path or (flaw.line, flaw.found), flaw)
    return list(first.values())
