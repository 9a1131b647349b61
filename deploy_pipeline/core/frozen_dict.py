"""A dictionary that nobody can change: what the mappings of the frozen spec are made of. Not a general container."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NoReturn, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class FrozenDict(dict[Key, Value], Generic[Key, Value]):
    """Reads, compares, pickles and serialises as a `dict`; every way to change it raises `TypeError`.

    It is a subclass of `dict` because json, boto3 and pydantic serialise those and no other mapping.
    """

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("the deployment spec cannot be changed; make a copy with dict(...)")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[dict[Key, Value]]]:
        # The default way to pickle a dict's subclass fills it item by item, which it refuses.
        return type(self), (dict(self),)


def freeze(value: Any) -> Any:
    """The same JSON value with every mapping frozen and every list turned into a tuple, at any depth."""
    if isinstance(value, Mapping):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    return value
