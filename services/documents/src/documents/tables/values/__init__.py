"""What the cells of a column say: dates, instants, numbers, yes and no, text.

Every function takes a cell as a `Table` gives it, and what is known of its column. It gives the
value or refuses with a reason that can be shown beside the cell; it never guesses. An empty cell
says nothing (`is_blank`); only `read_text` takes one.
"""

from documents.tables.values.cells import (
    read_boolean,
    read_date,
    read_decimal,
    read_text,
    read_timestamp,
)
from documents.tables.values.dates import DateOrder
from documents.tables.values.profile import UNDECIDED, ColumnProfile, Kind, is_blank

__all__ = [
    "UNDECIDED",
    "ColumnProfile",
    "DateOrder",
    "Kind",
    "is_blank",
    "read_boolean",
    "read_date",
    "read_decimal",
    "read_text",
    "read_timestamp",
]
