"""`make bench`: the rows of the quality table that exist so far, as ratios inside one run.

Both sides of a ratio are measured in turns, 7 rounds or more; the median of the rounds' ratios
counts. Absolute times are printed beside them and bind nothing.
"""

import sys
from pathlib import Path

import orjson
import uvloop
from rows import Row, measure

REPORT = Path(".banyan/bench.json")


def main() -> int:
    """Measure, print the table, write the report; 1 when a bound is missed."""
    rows = uvloop.run(measure())
    width = max(len(row.name) for row in rows)
    print(f"{'':{width}}      value      bound      reach")
    for row in rows:
        sign = "<=" if row.at_most is not None else ">="
        mark = "" if row.met else "  MISSED"
        reached = "" if row.reached else "  (not reached)"
        print(
            f"{row.name:{width}} {row.value:10.2f} {sign} {row.bound:8g} {row.reach_for:8g}"
            f"{mark}{reached}  {row.note}"
        )
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(orjson.dumps({"rows": [as_json(row) for row in rows]}, option=2))
    return 0 if all(row.met for row in rows) else 1


def as_json(row: Row) -> dict[str, object]:
    """Give a row as the report has it."""
    bound = "atMost" if row.at_most is not None else "atLeast"
    return {
        "name": row.name,
        "value": round(row.value, 4),
        bound: row.bound,
        "reachFor": row.reach_for,
        "met": row.met,
    }


if __name__ == "__main__":
    sys.exit(main())
