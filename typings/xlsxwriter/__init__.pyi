"""The part of xlsxwriter that Banyan uses, typed; the library says nothing about types itself."""

from collections.abc import Mapping
from typing import BinaryIO, TypeVar

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

_Sheet = TypeVar("_Sheet", bound=Worksheet)

class Workbook:
    def __init__(self, filename: str | BinaryIO, options: Mapping[str, object] = ...) -> None: ...
    def add_worksheet(self, name: str | None, worksheet_class: type[_Sheet]) -> _Sheet: ...
    def add_format(self, properties: Mapping[str, object]) -> Format: ...
    def close(self) -> None: ...
