"""Tables as people have them: CSV and XLSX, in and out (PLT-19). No I/O but the file itself.

`open_table` gives a `Table`: headings, each a name of its own, and rows in their order, each with
its line. What is wrong with a row is its `problem`, with a cell a `CellError`; the rest goes on.
What makes the file unusable is raised. `values` reads the cells of a mapped column; a `TableWriter`
writes a table that is read back as it was.

Decided, and why:
- A file is what it holds, not what it is called; XLSX and CSV only.
- An encoding is found by reading all of the file in each (`encodings`); a general detector took
  short lists in GB18030 for Korean or Big5.
- Rows without content are left out, wherever they stand: spreadsheets leave them behind.
- A quotation mark closed in a later line in the wrong place ends the reading: rows made of what
  follows could pass for rows somebody wrote.
- Sheets are read as a stream (`sheet`) and never as a grid: a cell in the last corner of a sheet,
  or a long text shared by many cells, needs gigabytes otherwise. Errors and formulas that were not
  calculated are told from empty cells, and numbers have the digits the sheet shows.
- A text that a spreadsheet would run gets an apostrophe in CSV, which is taken off when it is read
  (`defusing`).
"""

from documents.tables.opening import open_table
from documents.tables.table import Cell, CellError, Format, Hints, Limits, Row, Table
from documents.tables.writing import CsvWriter, TableWriter, Value, XlsxWriter

__all__ = [
    "Cell",
    "CellError",
    "CsvWriter",
    "Format",
    "Hints",
    "Limits",
    "Row",
    "Table",
    "TableWriter",
    "Value",
    "XlsxWriter",
    "open_table",
]
