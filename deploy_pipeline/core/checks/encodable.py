"""Values that can be written as UTF-8, and so kept as JSON and sent to GitHub, whatever a tool said."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def encodable(value: T) -> T:
    """The same value with lone surrogates, which stand for bytes of odd file names, written out as `\\udcff`.

    Goes through dataclasses, tuples and dictionaries.
    """
    return _encodable(value)  # type: ignore[no-any-return]  # each case gives what it was given


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, tuple):
        return tuple(map(_encodable, value))
    if isinstance(value, dict):
        return {_encodable(name): _encodable(each) for name, each in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{field.name: _encodable(getattr(value, field.name)) for field in fields(value)})
    return value
