"""What an export says, read by other code than the product's: the csv module and plain sums."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

_HERE = Path(__file__).resolve().parent
MAP = _HERE.parent / "examples" / "import" / "crm-export.yaml"
SELF_MADE = _HERE / "data" / "crm-export"
# What the map of the example puts right.
MEANT = {"GTXPro": "GTX Pro", "technolgy": "technology"}
FILES = ("accounts", "products", "sales_teams", "sales_pipeline")
Row = dict[str, str]
Totals = dict[str, tuple[int, Decimal]]


@dataclass
class Deal:
    """A deal as the files tell it."""

    key: str
    agent: str
    manager: str
    office: str
    product: str
    account: str
    stage: str
    quarter: str
    amount: Decimal
    # Of its line: what it was sold for, else the price of the product.
    line_amount: Decimal


@dataclass
class Export:
    """An export on disk."""

    folder: Path

    def rows(self, name: str) -> list[Row]:
        """Read a file."""
        with (self.folder / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    def deals(self) -> list[Deal]:
        """Read the deals, with what the other files say of them."""
        teams = {row["sales_agent"]: row for row in self.rows("sales_teams")}
        prices = {row["product"]: Decimal(row["sales_price"]) for row in self.rows("products")}
        return [_deal(row, teams, prices) for row in self.rows("sales_pipeline")]


def _deal(
    row: dict[str, str], teams: dict[str, dict[str, str]], prices: dict[str, Decimal]
) -> Deal:
    team = teams[row["sales_agent"]]
    product = MEANT.get(row["product"], row["product"])
    year, _, day = row["close_date"].partition("-")
    return Deal(
        key=row["opportunity_id"],
        agent=row["sales_agent"],
        manager=team["manager"],
        office=team["regional_office"],
        product=product,
        account=row["account"],
        stage=row["deal_stage"].lower(),
        quarter=f"{year}-Q{(int(day[:2]) + 2) // 3}" if day else "",
        amount=Decimal(row["close_value"] or 0),
        line_amount=Decimal(row["close_value"]) if row["close_value"] else prices[product],
    )


def keys_by(deals: Iterable[Deal], group: Callable[[Deal], str]) -> dict[str, set[str]]:
    """Give the keys of the deals of each group."""
    found: dict[str, set[str]] = defaultdict(set)
    for deal in deals:
        found[group(deal)].add(deal.key)
    return dict(found)


def totals_by(
    deals: Iterable[Deal],
    group: Callable[[Deal], str],
    amount: Callable[[Deal], Decimal] = lambda deal: deal.amount,
) -> Totals:
    """Count and add up the deals of each group."""
    found: Totals = {}
    for deal in deals:
        count, total = found.get(group(deal), (0, Decimal()))
        found[group(deal)] = (count + 1, total + amount(deal))
    return found
