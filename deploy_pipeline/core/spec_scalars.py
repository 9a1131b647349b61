"""The values that plain YAML text stands for: YAML 1.2's core schema, without dates, `yes` and 1_000."""

import json
import re

Scalar = str | int | float | bool | None
SHOWN = 60
"""Characters of a value that a message shows."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_PREFIXED = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST_NUMBER = 40
_LARGEST = 1e308
_WORDS_READ_AS_TEXT = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def plain_value(text: str) -> Scalar:
    """The value of an unquoted scalar. Raises ValueError with what was expected where JSON has no such number."""
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("a finite number (text goes in quotes)")
    if _INT.fullmatch(text) or _PREFIXED.fullmatch(text) or _FLOAT.fullmatch(text):
        return _number(text)
    return text


def _number(text: str) -> int | float:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(f"a number of up to {_LONGEST_NUMBER} characters (text goes in quotes)")
    if _PREFIXED.fullmatch(text):
        return int(text[2:], 8 if text[1] == "o" else 16)
    if _INT.fullmatch(text):
        return int(text)
    number = float(text)
    if abs(number) > _LARGEST:
        raise ValueError("a finite number (text goes in quotes)")
    return number


def shown(value: Scalar) -> str:
    """A value as a message shows it: text in double quotes, one line, cut, without characters that steer a terminal."""
    if value is None:
        return "nothing"
    if not isinstance(value, str):
        return cut(json.dumps(value))
    text = json.dumps(value, ensure_ascii=not value.isprintable())
    return text if len(text) <= SHOWN else cut(text, SHOWN - 1) + '"'


def cut(text: str, limit: int = SHOWN) -> str:
    """The text, or its beginning with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_encodable(text: str) -> bool:
    """Whether every character is a whole one: YAML's \\ud800 makes half of one, which no file can hold."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def boolean_hint(value: Scalar) -> str:
    """What to write where a boolean was meant and YAML 1.1's word for it stands, which YAML 1.2 reads as text."""
    meant = _WORDS_READ_AS_TEXT.get(value.lower()) if isinstance(value, str) else None
    return f' (YAML 1.2 reads "{value}" as text: write {meant})' if meant else ""
