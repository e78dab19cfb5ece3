"""Validity: from which day to which day something holds, both included."""

import datetime
from dataclasses import dataclass

from banyan.catalog.v1 import discount_pb2, price_list_pb2, product_pb2
from google.type import date_pb2

from chassis import errors


@dataclass(frozen=True)
class Validity:
    """The days on which something holds.

    Attributes:
        first: None when it always did.
        last: None when it does so without end.
    """

    first: datetime.date | None = None
    last: datetime.date | None = None

    def covers(self, day: datetime.date) -> bool:
        """Tell whether a day is one of them."""
        begun = self.first is None or self.first <= day
        return begun and (self.last is None or day <= self.last)

    def check(self, path: str) -> None:
        """Refuse an end before the beginning.

        Args:
            path: the field of the last day.

        Raises:
            Invalid: ENDS_BEFORE_START.
        """
        if self.first is not None and self.last is not None and self.last < self.first:
            raise errors.invalid_field(path, "ENDS_BEFORE_START")


def validity_of(record: price_list_pb2.PriceList | discount_pb2.Discount) -> Validity:
    """Give the days on which a price list or a discount counts."""
    return Validity(
        _day(record.valid_from) if record.HasField("valid_from") else None,
        _day(record.valid_until) if record.HasField("valid_until") else None,
    )


def selling_days(product: product_pb2.Product) -> Validity:
    """Give the days on which a product is sold."""
    return Validity(
        _day(product.sold_from) if product.HasField("sold_from") else None,
        _day(product.sold_until) if product.HasField("sold_until") else None,
    )


def _day(date: date_pb2.Date) -> datetime.date:
    return datetime.date(date.year, date.month, date.day)
