"""Rows a second and peak memory of writing and reading a large table.

Run it by hand; each step runs in a process of its own, so that its peak is its own:

    python services/documents/tests/rules/measure_tables.py [rows]
"""

import datetime
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from documents.tables import CsvWriter, TableWriter, XlsxWriter, open_table

HEADINGS = ("编号", "客户名称", "联系人", "电话", "城市", "预计金额", "签约日期", "备注")
FIRST_DAY = datetime.date(2017, 1, 1)
CITIES = ("北京", "上海", "广州", "深圳", "杭州", "成都", "武汉", "西安")


def write(writer: TableWriter, rows: int) -> None:
    writer.write_row(HEADINGS)
    for number in range(rows):
        writer.write_row(
            (
                number,
                f"华东智能装备制造有限公司第{number}分公司",
                f"王小明{number % 1000}",
                f"1380013{number % 10_000:04}",
                CITIES[number % len(CITIES)],
                Decimal(number * 1234) / 100,
                FIRST_DAY + datetime.timedelta(days=number % 3000),
                '需要"现场"演示，周五前回复, 谢谢' if number % 3 else "",
            )
        )
    writer.close()


def write_csv(path: Path, rows: int, encoding: str) -> int:
    with path.open("wb") as target:
        write(CsvWriter(target, encoding=encoding), rows)
    return rows


def write_xlsx(path: Path, rows: int) -> int:
    with path.open("wb") as target:
        write(XlsxWriter(target), rows)
    return rows


def read(path: Path) -> int:
    with open_table(path, path.name) as table:
        return sum(1 for row in table.rows() if row.problem is None)


def go_on(path: Path, rows: int) -> int:
    with open_table(path, path.name) as table:
        return sum(1 for _ in table.rows(after=rows - 10))


def measured(name: str, step: Callable[..., int], *arguments: object) -> None:
    def run() -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        count = step(*arguments)
        seconds = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        sys.stdout.write(
            f"{name:<20} {count:>8} rows {seconds:6.2f} s {int(count / seconds):>9} rows/s"
            f" peak {peak / 1024:6.0f} MB (+{(peak - before) / 1024:.0f})\n"
        )

    process = multiprocessing.get_context("fork").Process(target=run)
    process.start()
    process.join()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for encoding in ("utf-8-sig", "utf-8", "gb18030", "utf-16"):
            path = folder / f"{encoding}.csv"
            measured(f"write {encoding}", write_csv, path, rows, encoding)
            measured(f"read {encoding}", read, path)
        measured("go on at the end", go_on, folder / "utf-8.csv", rows)
        path = folder / "table.xlsx"
        measured("write xlsx", write_xlsx, path, rows)
        measured("read xlsx", read, path)


if __name__ == "__main__":
    main()
