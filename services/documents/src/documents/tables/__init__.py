"""Tables as people have them: CSV and XLSX, in and out. A library without any I/O but the file."""

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
