import datetime

from xlsxwriter.format import Format

class Worksheet:
    def freeze_panes(self, row: int, col: int) -> None: ...
    def write_boolean(
        self, row: int, col: int, boolean: bool, cell_format: Format | None = None
    ) -> int: ...
    def write_number(
        self, row: int, col: int, number: float, cell_format: Format | None = None
    ) -> int: ...
    def write_datetime(
        self, row: int, col: int, date: datetime.date, cell_format: Format | None = None
    ) -> int: ...
    def write_string(
        self, row: int, col: int, string: str, cell_format: Format | None = None
    ) -> int: ...
    @staticmethod
    def _escape_control_characters(data: str | int) -> str | int: ...
