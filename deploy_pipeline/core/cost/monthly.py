"""The monthly cost of plans, whoever worked it out: what each resource costs, and the totals."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


@dataclass(frozen=True)
class ResourceCost:
    """US dollars a month of one resource. `before` and `after` are both None where one of them is not known.

    `on_use` says that something depends on use and is not in the numbers.
    """

    stack: str
    address: str
    before: Decimal | None
    after: Decimal | None
    changed: bool
    on_use: bool = False
    note: str = ""

    @property
    def difference(self) -> Decimal:
        """What the plan adds; 0 where that is not known."""
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True)
class MonthlyCost:
    """US dollars a month of all plans. `source` says who worked it out, `remarks` what to know about it."""

    source: str
    before: Decimal
    after: Decimal
    resources: tuple[ResourceCost, ...]
    on_use: int
    unpriced: int
    remarks: tuple[str, ...] = ()

    @property
    def difference(self) -> Decimal:
        """What the plans add."""
        return self.after - self.before


def total(source: str, resources: tuple[ResourceCost, ...], remarks: tuple[str, ...] = ()) -> MonthlyCost:
    """The sum of what is known, and how many resources are not in it."""
    return MonthlyCost(
        source=source,
        before=cents(sum((resource.before or Decimal(0) for resource in resources), Decimal(0))),
        after=cents(sum((resource.after or Decimal(0) for resource in resources), Decimal(0))),
        resources=resources,
        on_use=sum(resource.on_use for resource in resources),
        unpriced=sum(resource.after is None for resource in resources),
        remarks=remarks,
    )


def cents(amount: Decimal) -> Decimal:
    """US dollars rounded to cents, half up."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """An amount for people: `$1,234.50`, `-$3.00`."""
    rounded = cents(amount)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,.2f}"


def signed(amount: Decimal) -> str:
    """A difference for people, always with its sign."""
    return dollars(amount) if cents(amount) < 0 else f"+{dollars(amount)}"
