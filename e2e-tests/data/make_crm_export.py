"""Make the export of an invented CRM, as dirty as such exports are; the same every time.

python e2e-tests/data/make_crm_export.py e2e-tests/data/crm-export
"""

import csv
import datetime
import hashlib
import sys
from pathlib import Path

ACCOUNTS = (
    # name, sector, year, revenue in millions, employees, office, subsidiary of
    ("Northwind Tools", "retail", "1996", "1100.04", "2822", "United States", ""),
    ("Kestrel Labs", "technolgy", "1999", "251.41", "495", "Philipines", "Umbra Group"),
    ("Bluefin Foods", "retail", "2001", "647.18", "1185", "Norway", ""),
    ("Cedar & Sons", "services", "1986", "223.12", "432", "Germany", ""),
    ('Dove "Air" Freight', "services", "2008", "0.54", "2", "Kenya", ""),
    ("Ember Health", "medical", "1993", "326.82", "641", "Japan", "Umbra Group"),
    ("Fjord Marine", "employment", "1984", "792.46", "1299", "Norway", ""),
    ("Granite Bank", "finance", "2012", "718.62", "2448", "Korea", ""),
    ("Harbour Media", "marketing", "1990", "441.08", "1179", "Brazil", "Bluefin Foods"),
    ("Iris Telecom", "telecommunications", "1979", "3027.46", "9226", "Poland", ""),
    ("Juniper Soft", "technolgy", "2004", "86.68", "187", "Romania", ""),
    ("Umbra Group", "software", "2010", "1376.8", "3583", "China", ""),
)
PRODUCTS = (
    ("GTX Pro", "GTX", "4821"),
    ("GTX Mini", "GTX", "550"),
    ("Orbit One", "Orbit", "55"),
    ("Orbit Max", "Orbit", "26768"),
)
TEAMS = (
    *(("Ana Torres", "Mo Okafor", "East"), ("Ben Adler", "Mo Okafor", "East")),
    *(("Chen Wei", "Mo Okafor", "East"), ("Dita Novak", "Lena Brandt", "West")),
    *(("Eli Zohar", "Lena Brandt", "West"), ("Fay Quinn", "Sam Ito", "West")),
    *(("Gus Lind", "Sam Ito", "West"), ("Hua Li", "Sam Ito", "West")),
)
STAGES = ("Won", "Won", "Won", "Lost", "Lost", "Engaging", "Prospecting")
DEALS = 300
FIRST_DAY = datetime.date(2016, 10, 20)


def drawn(what: str, deal: int, below: int) -> int:
    """Draw a number for something of a deal."""
    digest = hashlib.blake2b(f"{what} {deal}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % below


def deal_row(deal: int) -> tuple[str, ...]:
    """Make a deal; its product is misspelt at times, what is open may have no customer yet."""
    stage = STAGES[drawn("stage", deal, len(STAGES))]
    product, _, price = PRODUCTS[drawn("product", deal, len(PRODUCTS))]
    account = ACCOUNTS[drawn("account", deal, len(ACCOUNTS))][0]
    agent = TEAMS[drawn("agent", deal, len(TEAMS))][0]
    is_over = stage in ("Won", "Lost")
    engaged = FIRST_DAY + datetime.timedelta(days=drawn("engaged", deal, 400))
    closed = engaged + datetime.timedelta(days=1 + drawn("closed", deal, 130))
    value = int(price) * (80 + drawn("value", deal, 41)) // 100 if stage == "Won" else 0
    return (
        f"{drawn('id', deal, 1 << 32):08X}",
        agent,
        "GTXPro" if product == "GTX Pro" and deal % 2 else product,
        "" if not is_over and deal % 3 else account,
        stage,
        "" if stage == "Prospecting" else engaged.isoformat(),
        closed.isoformat() if is_over else "",
        str(value) if is_over else "",
    )


def write(folder: Path) -> None:
    """Write the files."""
    tables = {
        "accounts": (
            "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
            ACCOUNTS,
        ),
        "products": ("product,series,sales_price", PRODUCTS),
        "sales_teams": ("sales_agent,manager,regional_office", TEAMS),
        "sales_pipeline": (
            "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,"
            "close_value",
            [deal_row(deal) for deal in range(DEALS)],
        ),
    }
    for name, (headings, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(headings.split(","))
            writer.writerows(rows)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
