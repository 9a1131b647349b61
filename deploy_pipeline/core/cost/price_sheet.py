"""The price sheet: list prices of one region, kept by hand, with units and AWS's pages for them. Data, no rules.

AWS may have changed a price since the sheet's date, and nothing here notices.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from deploy_pipeline.core.cost.attributes import Unpriceable
from deploy_pipeline.core.errors import DeployError

HOURS = Decimal(730)
"""Hours in a month, as AWS's own calculator counts them."""
PER_MONTH = {"hour": HOURS, "month": Decimal(1), "second": HOURS * 3600}


@dataclass(frozen=True)
class Price:
    """US dollars for one `unit`, whose last word is the time that it is for: `hour`, `GB-month`, `GB-second`.

    `as_of` is its group's date, or the sheet's where the group has none.
    """

    amount: Decimal
    unit: str
    source: str
    as_of: date

    @property
    def monthly(self) -> Decimal:
        """US dollars for a whole month."""
        return self.amount * PER_MONTH[self.unit.rpartition("-")[2]]


@dataclass(frozen=True)
class PriceSheet:
    """Prices by group and name. `dated` is the date of the sheet as a whole."""

    region: str
    dated: date
    groups: Mapping[str, Mapping[str, Price]]

    def monthly(self, group: str, name: str) -> Decimal:
        """US dollars a month for one of `name`. Raises Unpriceable where the group has no such price."""
        price = self.groups[group].get(name)
        if price is None:
            raise Unpriceable(f"no price of {name[:80]} ({group})")
        return price.monthly


def read_price_sheet(text: str) -> PriceSheet:
    """Read the sheet's JSON. Raises DeployError for one without date, unit, source, or with a price of nothing."""
    try:
        sheet = json.loads(text)
        dated = date.fromisoformat(sheet["date"])
        groups = {name: _group(group, dated) for name, group in sheet["groups"].items()}
        return PriceSheet(str(sheet["region"]), dated, groups)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation) as error:
        what = f"the price sheet cannot be read: {error!r}"
        raise DeployError(what, where="price sheet", todo="install the pipeline again") from error


def _group(group: Mapping[str, Any], dated: date) -> dict[str, Price]:
    as_of = date.fromisoformat(group.get("as_of", dated.isoformat()))
    prices = {n: Price(Decimal(p), group["unit"], group["source"], as_of) for n, p in group["prices"].items()}
    for name, price in prices.items():
        if not price.monthly > 0 or not price.source.startswith("https://") or as_of < dated:
            raise ValueError(f"{name}: {price}")
    return prices
