"""Reading a planned resource's attributes, which a pull request's author wrote: every value may be of any type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
LARGEST = Decimal(10**9)
MOST_DECIMALS, MOST_DIGITS = 9, 20
T = TypeVar("T")


class Unpriceable(Exception):
    """A resource has no price, and this is why. Not an error: it is listed as not priced."""


@dataclass(frozen=True)
class Attributes:
    """One side of a resource, or one of its blocks. `unknown` is Terraform's `after_unknown` of the same shape.

    Each method raises Unpriceable for a value that is missing (without a default), known only after apply, of another
    type or not plausible.
    """

    values: Mapping[str, Any]
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def given(self, name: str) -> bool:
        """Whether it has a value, or will have one that is not known yet."""
        return self.values.get(name) is not None or self.unknown.get(name) is True

    def text(self, name: str, default: str | None = None) -> str:
        """A string that is not empty."""
        value = self._value(name)
        if value is None or value == "":
            return _required(name, default)
        if not isinstance(value, str):
            raise Unpriceable(f"{name} is not text")
        return value

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        """A number from zero to a thousand million, also where it is written as a string."""
        value = self._value(name)
        if value is None:
            return _required(name, default)
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = Decimal(value)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise Unpriceable(f"{name} is not a number")
        number = Decimal(value)
        # A number of 20 characters can have a thousand million digits behind the point.
        if (
            not 0 <= number <= LARGEST
            or number.adjusted() < -MOST_DECIMALS
            or len(number.as_tuple().digits) > MOST_DIGITS
        ):
            raise Unpriceable(f"{name} is not a plausible number")
        return number

    def count(self, name: str) -> Decimal:
        """The length of a list of values, such as subnets."""
        value = self._value(name)
        if not isinstance(value, list):
            raise Unpriceable(f"{name} is not a list")
        return Decimal(len(value))

    def flag(self, name: str) -> bool:
        """A boolean; false where it is missing."""
        value = self._value(name)
        if value is None:
            return False
        if not isinstance(value, bool):
            raise Unpriceable(f"{name} is not true or false")
        return value

    def blocks(self, name: str) -> tuple["Attributes", ...]:
        """The nested blocks of a name; none where it is missing."""
        value = self._value(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise Unpriceable(f"{name} is not a list of blocks")
        markers = self.unknown.get(name)
        padded = [*(markers if isinstance(markers, list) else []), *({} for _ in value)]
        return tuple(
            Attributes(item, marker if isinstance(marker, dict) else {})
            for item, marker in zip(value, padded, strict=False)
        )

    def known_blocks(self, name: str) -> tuple["Attributes", ...]:
        """The nested blocks of a name that AWS fills in where nothing is asked for: then none are known."""
        return () if self.values.get(name) is None else self.blocks(name)

    def block(self, name: str) -> "Attributes":
        """The first block of a name; one without values where there is none."""
        return next(iter(self.blocks(name)), Attributes({}))

    def _value(self, name: str) -> Any:
        value = self.values.get(name)
        if value is None and self.unknown.get(name) is True:
            raise Unpriceable(f"{name} is known after apply")
        return value


def _required(name: str, default: T | None) -> T:
    if default is None:
        raise Unpriceable(f"{name} is not given")
    return default
